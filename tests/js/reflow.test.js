import assert from "node:assert/strict";
import { test } from "node:test";

import headless from "@xterm/headless";

import { resize } from "../../static/src/lib/wire/reflow.js";

const PIECES = Array.from({ length: 60 }, (_, number) => `${String(number).padStart(4, "0")}.`).join("");

async function showing(text, size = { cols: 80, rows: 24 }) {
  const term = new headless.Terminal({ ...size, allowProposedApi: true });
  await shown(term, text);
  return term;
}

function shown(term, text) {
  return new Promise((resolve) => term.write(text, resolve));
}

/** All rows, those of one line joined. */
function textOf(term) {
  const { active } = term.buffer;
  let text = "";
  for (let y = 0; y < active.length; y += 1) {
    const isContinued = active.getLine(y + 1)?.isWrapped ?? false;
    text += active.getLine(y).translateToString(!isContinued) + (isContinued ? "" : "\n");
  }
  return text.trimEnd();
}

test("the cursor's line is whole after a narrow window, and goes on where it was", async () => {
  for (const rows of [24, 6]) {
    for (const before of ["", "prompt\r\n".repeat(30)]) {
      for (const narrow of [30, 37, 50]) {
        const term = await showing(before + PIECES, { cols: 80, rows });
        resize(term, narrow, rows);
        await shown(term, "go");
        resize(term, 80, rows);
        await shown(term, "es on");
        assert.equal(textOf(term), `${before.replaceAll("\r", "")}${PIECES}goes on`, `${rows} rows, ${narrow} columns`);
      }
    }
  }
});

test("a row that is just full wraps before the next character", async () => {
  for (const end of ["x", "漢"]) {
    const text = "x".repeat(60 - (end === "x" ? 1 : 2)) + end;
    const term = await showing(text);
    resize(term, 30, 24);
    await shown(term, "y");
    assert.equal(textOf(term), `${text}y`);
  }
});

test("a line that a shell edits is left to the shell", async () => {
  const term = await showing(`\x1b[?2004h$ ${"x".repeat(70)}`);
  resize(term, 30, 24);
  assert.equal(textOf(term), `$ ${"x".repeat(28)}`);
});

test("a cursor that a program put somewhere stays there", async () => {
  const term = await showing(`${"x".repeat(20)}\x1b[5G`);
  resize(term, 30, 24);
  await shown(term, "");
  assert.equal(term.buffer.active.cursorX, 4);
});
