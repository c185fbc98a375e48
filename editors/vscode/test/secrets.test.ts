import assert from "node:assert/strict";
import { test } from "node:test";
import { isAddress, Keys, type Storage } from "../src/secrets";

function storage(): Storage & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async name => kept.get(name),
    store: async (name, value) => void kept.set(name, value),
    delete: async name => void kept.delete(name),
  };
}

test("a key is given to the server that it was set for and to no other", async () => {
  const keys = new Keys(storage());
  await keys.set("https://one.example/fimble", "secret");
  assert.equal(await keys.of("https://one.example"), "secret");
  for (const other of [
    "https://two.example",
    "http://one.example",
    "https://one.example:8741",
    "local",
    "",
  ]) {
    assert.equal(await keys.of(other), undefined);
  }
});

test("a forgotten key is gone", async () => {
  const store = storage();
  const keys = new Keys(store);
  await keys.set("https://one.example", "secret");
  await keys.forget("https://one.example");
  assert.equal(store.kept.size, 0);
});

test("nothing is kept for what is no address", async () => {
  const store = storage();
  await new Keys(store).set("local", "secret");
  assert.equal(store.kept.size, 0);
  assert.equal(isAddress("http://127.0.0.1:8741"), true);
  for (const nonsense of ["local", "", "https://", "ftp://one.example"])
    assert.equal(isAddress(nonsense), false);
});
