import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { PAGE_SHORTCUTS, SHORTCUTS, isPaletteKey, pageShortcutOf, shortcutOf } from "../../static/src/lib/typing/shortcuts.js";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const NONE = { ctrlKey: false, shiftKey: false, altKey: false, metaKey: false };
const ctrlK = { ...NONE, key: "k", code: "KeyK", ctrlKey: true };

/** The rows of a table of keys, as {label: what it does}. */
function table(title) {
  const [, rows] = README.split(`| ${title} | do |\n|---|---|\n`);
  return Object.fromEntries(
    rows
      .split("\n\n")[0]
      .split("\n")
      .map((row) =>
        row
          .split("|")
          .slice(1, 3)
          .map((cell) => cell.trim()),
      ),
  );
}

function told(shortcuts) {
  return Object.fromEntries(shortcuts.map(({ label, help }) => [label, help[0].toLowerCase() + help.slice(1)]));
}

test("the README names exactly the keys that there are", () => {
  assert.deepEqual(table("keys on every page"), told(PAGE_SHORTCUTS));
  assert.deepEqual(table("keys in a terminal"), told(SHORTCUTS));
});

test("no key means two things", () => {
  for (const keys of [SHORTCUTS.map(({ code }) => code), PAGE_SHORTCUTS.map(({ key }) => key)]) {
    assert.equal(new Set(keys).size, keys.length);
  }
});

test("Ctrl+K opens the palette, on a Mac Cmd+K", () => {
  const cmdK = { ...NONE, key: "k", code: "KeyK", metaKey: true };
  assert.deepEqual([isPaletteKey(ctrlK, false), isPaletteKey(cmdK, false)], [true, false]);
  assert.deepEqual([isPaletteKey(ctrlK, true), isPaletteKey(cmdK, true)], [false, true]);
});

test("the letter counts, its place only where letters are not Latin", () => {
  assert.equal(isPaletteKey({ ...ctrlK, code: "KeyV" }, false), true); // Dvorak
  assert.equal(isPaletteKey({ ...ctrlK, key: "t" }, false), false);
  assert.equal(isPaletteKey({ ...ctrlK, key: "л" }, false), true);
});

test("with Shift or Alt it is another key", () => {
  assert.equal(isPaletteKey({ ...ctrlK, shiftKey: true }, false), false);
  assert.equal(isPaletteKey({ ...ctrlK, altKey: true }, false), false);
  assert.equal(shortcutOf({ ...ctrlK, key: "K", shiftKey: true }, false), "palette");
});

test("a single key is one without Ctrl, Alt or Cmd", () => {
  assert.equal(pageShortcutOf({ ...NONE, key: "?", shiftKey: true }), "help");
  assert.equal(pageShortcutOf({ ...NONE, key: "/" }), "filter");
  assert.equal(pageShortcutOf({ ...NONE, key: "/", ctrlKey: true }), null);
  assert.equal(pageShortcutOf({ ...NONE, key: "k" }), null);
});

test("what shells use stays theirs", () => {
  for (const key of "abcdefghijlmnopqrstuvwxyz") {
    assert.equal(shortcutOf({ ...NONE, key, code: `Key${key.toUpperCase()}`, ctrlKey: true }, false), null);
  }
});
