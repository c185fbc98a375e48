import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentOf } from "../src/reports";

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
