import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, environmentOf } from "../src/reports";

test("counters become aligned lines", () => {
  assert.equal(
    describe({ requests: 1200, promptTokens: 5, from_memory: 3, more: { nested: 1 } }),
    "Requests       1,200\nPrompt tokens  5\nFrom memory    3",
  );
  assert.equal(describe({}), "");
});

test("settings become the variables that the server's commands read", () => {
  assert.deepEqual(
    environmentOf({ timeoutMs: 100, model: "/m.gguf", fallback: false, key: null, disabledLanguages: ["c"] }),
    {
      FIMBLE_TIMEOUT_MS: "100",
      FIMBLE_MODEL: "/m.gguf",
      FIMBLE_FALLBACK: "false",
    },
  );
});
