import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { programIn } from "../src/install";
import { findServer } from "../src/server";

const folder = mkdtempSync(join(tmpdir(), "fimble-server-"));
const environment = join(folder, "environment");
const before = { PATH: process.env.PATH, HOME: process.env.HOME };
after(() => {
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  process.env.PATH = join(folder, "path");
  process.env.HOME = join(folder, "home");
});

function program(path: string, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, mode);
  return path;
}

const find = (setting = "") => findServer({ setting, environment });

test("nothing is found where nothing is, and no program in a file or a folder", async () => {
  program(join(folder, "path", "fimble"), 0o644);
  mkdirSync(join(folder, "home", ".local", "bin", "fimble"), { recursive: true });
  assert.equal(await find(), undefined);
  rmSync(join(folder, "home"), { recursive: true });
});

test("the setting wins over PATH, PATH over the user's own programs, and these over the environment", async () => {
  const last = program(programIn(environment));
  assert.deepEqual(await find(), { command: last });
  const third = program(join(folder, "home", ".local", "bin", "fimble"));
  assert.deepEqual(await find(), { command: third });
  const second = program(join(folder, "path", "fimble"));
  assert.deepEqual(await find(), { command: second });
  const first = program(join(folder, "elsewhere", "my-fimble"));
  assert.deepEqual(await find(first), { command: first });
});

test("a setting may be a name on PATH or begin with ~", async () => {
  const named = program(join(folder, "path", "other"));
  assert.deepEqual(await find("other"), { command: named });
  const own = program(join(folder, "home", "tools", "fimble"));
  assert.deepEqual(await find("~/tools/fimble"), { command: own });
});

test("a wrong setting is told and nothing else is tried", async () => {
  program(join(folder, "path", "fimble"));
  const found = await find("/nowhere/fimble");
  assert.ok(found && "problem" in found && found.problem.includes("fimble.path is /nowhere/fimble"));
});
