import assert from "node:assert/strict";
import { test } from "node:test";

import { controlOf } from "../../static/src/lib/typing/controls.js";

function pressed(key, more = {}) {
  return controlOf({ key, ctrlKey: true, altKey: false, metaKey: false, shiftKey: false, ...more });
}

// What `cat -v` shows in xterm for the keys of a US keyboard, Ctrl and Shift held.
const SHIFTED = {
  "~": "\x1e",
  "!": "!",
  "@": "\x00",
  "#": "#",
  $: "$",
  "%": "%",
  "^": "\x1e",
  "&": "&",
  "*": "*",
  "(": "(",
  ")": ")",
  _: "\x1f",
  "+": "+",
  "{": "\x1b",
  "}": "\x1d",
  "|": "\x1c",
  ":": ":",
  '"': '"',
  "<": "<",
  ">": ">",
  "?": "\x7f",
  " ": "\x00",
  Z: "\x1a",
};

test("Ctrl and Shift with digits and punctuation send what xterm sends", () => {
  for (const [key, sent] of Object.entries(SHIFTED)) assert.equal(pressed(key, { shiftKey: true }), sent, key);
});

test("Ctrl alone does, too", () => {
  const sent = {
    2: "\x00",
    6: "\x1e",
    8: "\x7f",
    9: "9",
    "/": "\x1f",
    "[": "\x1b",
    "\\": "\x1c",
    "]": "\x1d",
    "`": "\x00",
    ";": ";",
  };
  for (const [key, what] of Object.entries(sent)) assert.equal(pressed(key), what, key);
});

test("other keys are someone else's", () => {
  for (const key of ["a", " ", "Enter", "ArrowUp", "é", "-", "=", "0"]) assert.equal(pressed(key), null, key);
  for (const held of ["altKey", "metaKey"]) assert.equal(pressed("^", { shiftKey: true, [held]: true }), null, held);
  assert.equal(pressed("^", { ctrlKey: false, shiftKey: true }), null);
});
