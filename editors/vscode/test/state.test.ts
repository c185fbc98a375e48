import assert from "node:assert/strict";
import { test } from "node:test";
import { look, readStatus, resolve, silence, type Facts } from "../src/state";

const NOW = Date.UTC(2026, 0, 1, 12);
const RUNNING: Facts = {
  server: { kind: "ready", message: "The server is running." },
  enabled: true,
  disabledLanguages: [],
  snoozedUntil: 0,
  language: "python",
  supported: true,
};

test("a running server is ready until it says something else", () => {
  assert.equal(resolve(RUNNING, NOW).kind, "ready");
  const said = { kind: "loading", message: "Loading bundled", progress: 40 } as const;
  assert.deepEqual(resolve({ ...RUNNING, said }, NOW), said);
});

test("what the user chose comes before trouble, and trouble before what the server said", () => {
  const server = { kind: "error", message: "It stops." } as const;
  const facts: Facts = { ...RUNNING, server, said: { kind: "ready", message: "bundled" } };
  assert.deepEqual(resolve(facts, NOW), server);
  assert.equal(resolve({ ...facts, enabled: false }, NOW).kind, "off");
});

test("suggestions are silenced for everything, a while, a language, or an editor without a file", () => {
  assert.equal(silence(RUNNING, NOW), undefined);
  assert.equal(silence({ ...RUNNING, enabled: false }, NOW)?.kind, "off");
  assert.equal(silence({ ...RUNNING, snoozedUntil: NOW + 1 }, NOW)?.kind, "snoozed");
  assert.equal(silence({ ...RUNNING, snoozedUntil: NOW }, NOW), undefined);
  assert.match(silence({ ...RUNNING, disabledLanguages: ["python"] }, NOW)!.message, /for python files/);
  assert.equal(silence({ ...RUNNING, supported: false }, NOW)?.kind, "off");
});

test("no editor at all is no reason to be off", () => {
  assert.equal(silence({ ...RUNNING, language: undefined, supported: false }, NOW), undefined);
});

test("the server's status is read, and nonsense is not", () => {
  const sent = { kind: "error", message: "No model.", action: "Run the doctor." };
  assert.deepEqual(readStatus(sent), {
    kind: "error",
    message: "No model.",
    progress: undefined,
    advice: "Run the doctor.",
    engine: undefined,
    model: undefined,
    project: undefined,
  });
  assert.equal(readStatus({ kind: "loading", progress: 41.7 })?.progress, 42);
  for (const nonsense of [undefined, null, "ready", {}, { kind: "missing" }, { kind: 3 }]) {
    assert.equal(readStatus(nonsense), undefined);
  }
});

test("the status bar shows progress, reason, advice and colour", () => {
  assert.equal(
    look({ kind: "loading", message: "Loading.", progress: 42 }).text,
    "$(loading~spin) fimble 42 %",
  );
  const shown = look({ kind: "error", message: "No model.", advice: "Run the doctor." });
  assert.equal(shown.tooltip, "fimble has a problem\nNo model.\nRun the doctor.");
  assert.equal(shown.colour, "error");
  assert.equal(look({ kind: "ready", message: "" }).tooltip, "fimble is ready");
});

test("the status bar names the engine that answers, and its model", () => {
  const sent = { kind: "ready", engine: "local, while https://team.example is away", model: "bundled" };
  assert.equal(
    look(readStatus(sent)!).tooltip,
    "fimble is ready\nEngine: local, while https://team.example is away\nModel: bundled",
  );
});
