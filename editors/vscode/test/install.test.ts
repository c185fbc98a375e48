import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { install, InstallError, isOutdated, programIn, progressOf, reasonOf, wheelIn } from "../src/install";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "fimble-install-")));
const wheel = wheelIn(folder, "1.2.3");
mkdirSync(dirname(wheel));
writeFileSync(wheel, "");
after(() => rmSync(folder, { recursive: true }));

/** A stand-in for Python that makes the folder it is asked for and then behaves as told. */
function python(name: string, then: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\nfor folder; do :; done\nmkdir -p "$folder/bin"\n${then}\n`);
  chmodSync(path, 0o755);
  return path;
}

function wanted(program: string, signal = new AbortController().signal) {
  const environment = join(folder, "environment");
  const lines: string[] = [];
  return {
    environment,
    python: program,
    wheel,
    signal,
    report() {},
    log: (line: string) => lines.push(line),
    lines,
  };
}

test("the wheel is installed as a file, by a Python that imports nothing from elsewhere", async () => {
  const recorded = join(folder, "recorded");
  const record = `#!/bin/sh\necho "$PWD $*" >> ${recorded}\n`;
  const given = wanted(python("recording", `echo "$PWD $*" >> ${recorded}`));
  mkdirSync(join(given.environment, "bin"), { recursive: true });
  writeFileSync(join(given.environment, "bin", "python"), record, { mode: 0o755 });
  await install(given);
  const pip = "-I -m pip install --disable-pip-version-check --upgrade";
  assert.deepEqual(readFileSync(recorded, "utf8").trim().split("\n"), [
    `${folder} -I -m venv --clear ${given.environment}`,
    `${folder} ${pip} ${wheel}`,
  ]);
  rmSync(given.environment, { recursive: true });
});

test("an extension without its wheel says so instead of asking an index for a name", async () => {
  const given = { ...wanted(python("unused", "exit 1")), wheel: wheelIn(folder, "9.9.9") };
  await assert.rejects(install(given), /packed without the server .*fimble-9\.9\.9-py3-none-any\.whl/);
});

test("a failure is told in pip's words and leaves nothing behind", async () => {
  const given = wanted(python("failing", 'echo "ERROR: No space left" >&2; exit 1'));
  await assert.rejects(install(given), new InstallError("No space left"));
  assert.equal(existsSync(given.environment), false);
  assert.ok(given.lines.includes("ERROR: No space left"));
});

test("cancelling ends the program and leaves nothing behind", async () => {
  const stop = new AbortController();
  const given = wanted(python("endless", "echo started; exec sleep 60"), stop.signal);
  given.log = line => (line === "started" ? (stop.abort(), 0) : 0);
  await assert.rejects(install(given), /cancelled/);
  assert.equal(existsSync(given.environment), false);
});

test("an environment that works is kept when its update fails", async () => {
  const given = wanted(python("updating", "exit 1"));
  const program = programIn(given.environment);
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, "#!/bin/sh\n");
  chmodSync(program, 0o755);
  await assert.rejects(install(given), InstallError);
  assert.equal(existsSync(program), true);
});

test("an update is offered for the extension's own server alone, and only for another version", () => {
  const carried = { environment: join(folder, "environment"), version: "1.2.0" };
  const own = programIn(carried.environment);
  assert.equal(isOutdated({ command: own, version: "1.1.0" }, carried), true);
  assert.equal(isOutdated({ command: own, version: "1.2.0" }, carried), false);
  assert.equal(isOutdated({ command: "/usr/bin/fimble", version: "1.1.0" }, carried), false);
});

test("pip's progress is shortened to what matters", () => {
  assert.equal(progressOf("Collecting numpy>=1.26 (from fimble)"), "numpy");
  assert.equal(progressOf("Processing /tmp/wheels/fimble-0.1.0-py3-none-any.whl"), "fimble");
  assert.equal(progressOf("Installing collected packages: numpy, fimble"), "Installing");
  assert.equal(progressOf("  Downloading numpy.whl (18 MB)"), undefined);
});

test("the reason of a failure is its error line, else the last one", () => {
  assert.equal(reasonOf("noise\nERROR: No matching distribution\nmore"), "No matching distribution");
  assert.equal(reasonOf("noise\nthe end\n"), "the end");
  assert.ok(reasonOf(""));
});
