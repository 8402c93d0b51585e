import assert from "node:assert/strict";
import { test } from "node:test";

import headless from "@xterm/headless";

import { WIDTHS, wcwidth } from "../../static/src/lib/looks/widths.js";

async function columnAfter(text) {
  const term = new headless.Terminal({ cols: 80, rows: 4, allowProposedApi: true });
  term.unicode.register(WIDTHS);
  term.unicode.activeVersion = WIDTHS.version;
  await new Promise((resolve) => term.write(text, resolve));
  return { column: term.buffer.active.cursorX, text: term.buffer.active.getLine(0).translateToString(true) };
}

test("characters take as many cells as the libc of a sandbox says", () => {
  const widths = {
    a: 1,
    é: 1,
    漢: 2,
    "\u0301": 0,
    "\u200d": 0,
    "\u00ad": 1,
    "🦀": 2,
    "🥷": 2,
    "🫠": 2,
    "🫀": 2,
    "🫩": 2,
    "☰": 2,
    "\u0600": 1,
    "\u1160": 0,
    "‐": 1,
    "\ue0b0": 1,
  };
  for (const [char, width] of Object.entries(widths)) assert.equal(wcwidth(char.codePointAt(0)), width, char);
});

test("what takes no cell joins the character before it", async () => {
  assert.deepEqual(await columnAfter("🥷🫠🫀 e\u0301x"), { column: 9, text: "🥷🫠🫀 e\u0301x" });
  assert.deepEqual(await columnAfter("👩\u200d🚀"), { column: 4, text: "👩\u200d🚀" });
  assert.deepEqual(await columnAfter("漢\u0301\u0302字"), { column: 4, text: "漢\u0301\u0302字" });
});
