import assert from "node:assert/strict";
import { test } from "node:test";

import { SoftKeyboard } from "../../static/src/lib/typing/soft-keyboard.js";

const CLOSED = { isOpen: false, hasLittleRoom: false, height: null };

function looks(...seen) {
  const keyboard = new SoftKeyboard();
  return seen.map(([width, height, part = height, scale = 1]) => keyboard.look({ width, height, seen: part, scale })).at(-1);
}

test("a browser that lays out above its keyboard is left to it", () => {
  assert.deepEqual(looks([360, 740], [360, 430]), { isOpen: true, hasLittleRoom: false, height: null });
});

test("one that only covers the page is followed", () => {
  assert.deepEqual(looks([390, 760], [390, 760, 424]), { isOpen: true, hasLittleRoom: false, height: 424 });
});

test("its own bar is no keyboard, and nor is nothing", () => {
  assert.deepEqual(looks([360, 740], [360, 684]), CLOSED);
  assert.deepEqual(looks([360, 740], [360, 430], [360, 740]), CLOSED);
});

test("a phone that is turned round is not one with a keyboard", () => {
  assert.deepEqual(looks([360, 740], [740, 360]), CLOSED);
  assert.deepEqual(looks([360, 740], [740, 360], [740, 170]), { isOpen: true, hasLittleRoom: true, height: null });
});

test("zooming in shows less without a keyboard", () => {
  assert.deepEqual(looks([390, 760], [390, 760, 380, 2]), CLOSED);
  assert.equal(looks([390, 760], [390, 760, 424, 1.0000001]).isOpen, true);
});
