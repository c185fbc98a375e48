import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { explain, findPython, readProbe } from "../src/python";

const folder = mkdtempSync(join(tmpdir(), "fimble-python-"));
after(() => rmSync(folder, { recursive: true }));

/** A program that answers every question like a Python of some version. */
function answering(name: string, answer: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho "a warning" >&2\necho "${answer}"\n`);
  chmodSync(path, 0o755);
  return path;
}

const find = (wanted: string) => findPython(wanted, folder);

test("the answer is found among other output", () => {
  assert.deepEqual(readProbe("a warning\n3 12 1 /usr/bin/python3.12"), {
    version: [3, 12],
    complete: true,
    executable: "/usr/bin/python3.12",
  });
  assert.equal(readProbe("Python was not found"), undefined);
});

test("a Python that is new enough and complete is taken", async () => {
  assert.deepEqual(await find(answering("good", "3 11 1 /opt/python")), { python: "/opt/python" });
  assert.deepEqual(await find(answering("next", "4 0 1 /opt/python4")), { python: "/opt/python4" });
});

test("what is wrong with the one that was named is said, with the next step", async () => {
  const wrong = async (path: string) => (await find(path)) as { problem: string };
  assert.match((await wrong(answering("old", "3 9 1 /old"))).problem, /3\.11 or newer; \/old is Python 3\.9/);
  assert.match((await wrong(answering("bare", "3 12 0 /bare"))).problem, /sudo apt install python3\.12-venv/);
  assert.match((await wrong(join(folder, "absent"))).problem, /which is no Python.*fimble\.python/);
});

test("without any Python the advice is to install one", () => {
  assert.match(explain([], ""), /none was found\. Install one/);
});

test("no module of a workspace is imported, wherever the editor was started", async () => {
  const workspace = join(folder, "workspace");
  mkdirSync(workspace);
  for (const module of ["importlib", "venv", "ensurepip"])
    writeFileSync(join(workspace, `${module}.py`), `open(${JSON.stringify(join(folder, "ran"))}, "w")\n`);
  const before = process.cwd();
  process.chdir(workspace);
  process.env.PYTHONPATH = workspace;
  try {
    await findPython("", workspace);
  } finally {
    process.chdir(before);
    delete process.env.PYTHONPATH;
  }
  assert.equal(existsSync(join(folder, "ran")), false);
});
