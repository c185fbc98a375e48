import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../src/trouble";

const LOCAL = { engine: "shared", hasKey: false };
const REMOTE = { engine: "https://team.example", hasKey: false };
const error = (message: string, advice?: string) => ({ kind: "error" as const, message, advice });

test("a missing and a wrong key are told apart, whole, with a button that sets it", () => {
  const refused = error("The server refused the key; check `key` in the settings. It said: no such key.");
  const missing = explain(refused, REMOTE);
  assert.match(missing.message, /^The server https:\/\/team\.example wants a key\./);
  assert.equal(missing.buttons["Set Key"], "fimble.setKey");
  assert.match(explain(refused, { ...REMOTE, hasKey: true }).message, /refuses the key that is kept/);
  assert.ok(!missing.message.includes("`"));
});

test("a bad model is told in whole sentences, with buttons to choose another and to examine it", () => {
  const long = `${"x".repeat(150)}.gguf is damaged. ${"It ends in the middle of a tensor. ".repeat(5)}`;
  const { message, buttons } = explain(error(long, "Run `fimble doctor` in a terminal."), LOCAL);
  assert.ok(message.length < 260);
  assert.ok(message.endsWith("."));
  assert.deepEqual(Object.keys(buttons), ["Choose Model", "Run Doctor", "Show Log"]);
});

test("settings are called what they are called here", () => {
  const { message, buttons } = explain(error("It timed out. Raise `timeout_ms`."), REMOTE);
  assert.equal(message, "It timed out. Raise fimble.timeoutMs.");
  assert.equal(Object.keys(buttons)[0], "Settings");
});
