import assert from "node:assert/strict";
import { test } from "node:test";

import { typedBetween, withCtrl } from "../../static/src/lib/typing/typed.js";

test("what was added to a field was typed, what is gone was deleted", () => {
  assert.equal(typedBetween("", "l"), "l");
  assert.equal(typedBetween("l", "ls"), "s");
  assert.equal(typedBetween("ls", "l"), "\x7f");
  assert.equal(typedBetween("ls -l", "ls "), "\x7f\x7f");
  assert.equal(typedBetween("gti", "git"), "\x7f\x7fit");
  assert.equal(typedBetween("same", "same"), "");
});

test("a line break is Enter, and a character of two halves is one", () => {
  assert.equal(typedBetween("ls", "ls\n"), "\r");
  assert.equal(typedBetween("", "a\r\nb"), "a\rb");
  assert.equal(typedBetween("🦀🐚", "🦀"), "\x7f");
  assert.equal(typedBetween("🦀", "🦀🐚"), "🐚");
});

test("Ctrl makes control characters of letters and signs", () => {
  const made = ["c", "C", "[", "@", " ", "/", "?", "8"].map(withCtrl);
  assert.deepEqual(made, ["\x03", "\x03", "\x1b", "\0", "\0", "\x1f", "\x7f", "\x7f"]);
});

test("Ctrl and an arrow go by words, whatever the arrow is without it", () => {
  assert.deepEqual(["\x1b[D", "\x1bOC"].map(withCtrl), ["\x1b[1;5D", "\x1b[1;5C"]);
});

test("what Ctrl changes nothing about stays as it is", () => {
  for (const data of ["é", "1", "ls", "🦀", "\x1b[A\x1b[A", ""]) assert.equal(withCtrl(data), data);
});
