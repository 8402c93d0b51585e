/** The small pure modules around a terminal: answers, clipboard, links, pasting, exit status, letterbox, keys, ids. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { isAnswer } from "../../static/src/lib/typing/answers.js";
import { keepClientId, takeClientId } from "../../static/src/lib/wire/client-id.js";
import { exitSentence } from "../../static/src/lib/words/exit-status.js";
import { letterboxFontSize } from "../../static/src/lib/looks/letterbox.js";
import { webAddress } from "../../static/src/lib/words/addresses.js";
import { clipboardText } from "../../static/src/lib/typing/osc52.js";
import { themeOf } from "../../static/src/lib/looks/colours.js";
import { asOneLine, excerptOf, lineCount, withoutBracketEnd } from "../../static/src/lib/typing/paste.js";
import { isTyping, shortcutOf, SHORTCUTS } from "../../static/src/lib/typing/shortcuts.js";

test("keys are not taken for answers", () => {
  const keys = [
    "a",
    "\r",
    "\x1b",
    "\x1b[A",
    "\x1bOA",
    "\x1b[1;5C",
    "\x1b[3~",
    "\x1bb",
    "\x1b[200~x\x1b[201~",
    "\x1b[M !!",
    "\x1b[<0;1;1M",
  ];
  assert.deepEqual(keys.filter(isAnswer), []);
});

test("OSC 52 writes text, with its UTF-8", () => {
  assert.equal(clipboardText(`c;${Buffer.from("grüße").toString("base64")}`), "grüße");
});

test("OSC 52 never reads, and writes nothing malformed or huge", () => {
  for (const body of ["c;?", "c;", "", "c;****", "c;/w==", `c;${"QUFB".repeat(400_000)}`]) {
    assert.equal(clipboardText(body), null);
  }
});

test("only web addresses open", () => {
  assert.equal(webAddress("https://example.org/a"), "https://example.org/a");
  for (const text of ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ssh://host", "no address"]) {
    assert.equal(webAddress(text), null);
  }
});

test("pasted text cannot end its own brackets", () => {
  assert.ok(!withoutBracketEnd("a\x1b[201~b\x1b[20\x1b[201~1~").includes("\x1b[201~"));
  assert.equal(withoutBracketEnd("plain\ttext\n"), "plain\ttext\n");
});

test("lines are counted as a shell sees them", () => {
  assert.deepEqual(["a", "a\n", "a\r\nb", "a\rb\nc"].map(lineCount), [1, 2, 2, 3]);
});

test("a paste becomes one line, and its beginning is shown with what hides in it", () => {
  assert.equal(asOneLine("one \\\r\n  two\n\nthree\n"), "one \\ two three");
  assert.equal(excerptOf("a\tb\x1b[A\nb\n"), "a\tb\u241b[A\nb\n");
  assert.equal(excerptOf(`${"x".repeat(200)}${"\n1".repeat(20)}`).length, 101 + 5 * 2 + 2);
});

test("the way a process ended is a sentence", () => {
  assert.equal(exitSentence(0), "The process ended with status 0.");
  assert.equal(exitSentence(137), "The process was ended by SIGKILL (status 137).");
  assert.equal(exitSentence(200), "The process ended with status 200.");
  assert.equal(exitSentence(null), "The process has ended.");
});

test("another viewer's larger screen is shown smaller, a smaller one as it is", () => {
  const room = { cols: 80, rows: 24 };
  assert.equal(letterboxFontSize(14, room, { cols: 160, rows: 24 }), 7);
  assert.equal(letterboxFontSize(14, room, { cols: 100, rows: 24 }), 11);
  assert.equal(letterboxFontSize(14, room, { cols: 40, rows: 12 }), 14);
  assert.equal(letterboxFontSize(14, room, { cols: 500, rows: 300 }), 7);
});

test("every shortcut has its own key, and none is one that browsers keep", () => {
  const codes = SHORTCUTS.map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  const shells = ["Minus", "Digit2", "Digit6"];
  assert.deepEqual(
    codes.filter((code) => shells.includes(code)),
    [],
  );
  assert.deepEqual(
    codes.filter((code) => ["KeyT", "KeyN", "KeyW", "KeyP", "KeyQ"].includes(code)),
    [],
  );
});

test("Ctrl alone belongs to the shell, Ctrl+Shift to the page, Cmd on a Mac copies", () => {
  const key = (code, held) => ({ code, key: code.slice(-1).toLowerCase(), ...held });
  assert.equal(shortcutOf(key("KeyC", { ctrlKey: true }), false), null);
  assert.equal(shortcutOf(key("KeyC", { ctrlKey: true, shiftKey: true }), false), "copy");
  assert.equal(shortcutOf(key("KeyC", { ctrlKey: true, shiftKey: true, altKey: true }), false), null);
  assert.equal(shortcutOf(key("KeyC", { metaKey: true }), true), "copy");
  assert.equal(shortcutOf(key("KeyC", { metaKey: true }), false), null);
});

test("a modifier alone is no typing", () => {
  assert.deepEqual(
    ["Shift", "a", "Enter"].map((name) => isTyping({ key: name })),
    [false, true, true],
  );
});

test("a client id survives a reload, but not a duplicated tab", () => {
  const items = new Map();
  const store = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
  let next = 0;
  const random = (count) => {
    next += 1;
    return new Uint8Array(count).fill(next);
  };
  const first = takeClientId(store, "t1", random);
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(takeClientId(store, "t1", random), first);
  keepClientId(store, "t1", first);
  assert.equal(takeClientId(store, "t1", random), first);
  keepClientId(store, "t1", "not an id");
  assert.match(takeClientId(store, "t1", random), /^[0-9a-f]{32}$/);
});

test("text and the 14 hues are readable on both grounds", () => {
  for (const [background, foreground] of [
    [
      [255, 255, 255],
      [30, 34, 40],
    ],
    [
      [16, 18, 22],
      [220, 224, 230],
    ],
  ]) {
    const theme = themeOf({ background, foreground, accent: [80, 100, 240] });
    for (const name of ["foreground", "red", "green", "yellow", "blue", "magenta", "cyan"]) {
      assert.ok(contrast(theme[name], theme.background) >= 4.5, `${name} on ${theme.background}`);
    }
  }
});

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
