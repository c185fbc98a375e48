import assert from "node:assert/strict";
import { test } from "node:test";
import { Crashes } from "../src/crashes";

test("a server is restarted twice, each time after a longer wait, and then given up", () => {
  const crashes = new Crashes();
  const [first, second, third] = [crashes.next(0), crashes.next(10), crashes.next(20)];
  assert.ok(first !== undefined && second !== undefined && first < second);
  assert.equal(third, undefined);
});

test("stops that are minutes apart do not add up", () => {
  const crashes = new Crashes();
  for (let minute = 0; minute < 30; minute += 4) assert.notEqual(crashes.next(minute * 60_000), undefined);
});

test("a restart by hand forgets them", () => {
  const crashes = new Crashes();
  for (const time of [0, 1, 2]) crashes.next(time);
  crashes.forget();
  assert.notEqual(crashes.next(3), undefined);
});
