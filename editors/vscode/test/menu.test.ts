import assert from "node:assert/strict";
import { test } from "node:test";
import { entries, type Situation } from "../src/menu";

const CALM: Situation = {
  state: { kind: "ready", message: "" },
  enabled: true,
  snoozed: false,
  language: "python",
  languageDisabled: false,
  eagerness: "balanced",
  model: "bundled",
};

const commands = (now: Situation) => entries(now).map(entry => entry.command);
const labels = (now: Situation) => entries(now).map(entry => entry.label.replace(/^\$\(.*?\) /, ""));

test("each command is offered once", () => {
  for (const kind of ["ready", "missing", "error", "off"] as const) {
    const found = commands({ ...CALM, state: { kind, message: "" } });
    assert.equal(new Set(found).size, found.length);
  }
});

test("the remedy comes first", () => {
  assert.equal(commands({ ...CALM, state: { kind: "missing", message: "" } })[0], "fimble.installServer");
  assert.equal(commands({ ...CALM, state: { kind: "error", message: "" } })[0], "fimble.restartServer");
});

test("switches name what they would do now", () => {
  assert.ok(labels(CALM).includes("Turn suggestions off for python"));
  assert.ok(labels({ ...CALM, languageDisabled: true }).includes("Turn suggestions on for python"));
  assert.ok(commands({ ...CALM, snoozed: true }).includes("fimble.wake"));
  const off = { ...CALM, enabled: false };
  assert.equal(labels(off)[0], "Turn suggestions on");
  assert.ok(!commands(off).includes("fimble.toggleLanguage"));
  assert.ok(!commands({ ...CALM, language: undefined }).includes("fimble.toggleLanguage"));
});
