/** Replay against a terminal that saw everything live: same screen, same modes, no answers. */
import assert from "node:assert/strict";
import { test } from "node:test";

import headless from "@xterm/headless";

import { isAnswer, isFocusReport } from "../../static/src/lib/typing/answers.js";
import { Sequence } from "../../static/src/lib/wire/sequence.js";
import { between, seededRandom } from "./random.js";

const { Terminal } = headless;
const QUIET = { parsed() {}, replayed() {}, exited() {} };

// What full-screen programs do: colours, wide and combined characters, alternate screen, mouse, titles, scroll regions.
const PROGRAM = [
  "\x1b]0;vim README\x07prompt$ \x1b[31mröd 漢字 e\u0301 👩‍👩‍👧\x1b[0m\r\n",
  "\x1b[?1049h\x1b[2J\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?1h\x1b[?25l\x1b[5 q",
  "\x1b[1;10r\x1b[3;5H\x1b[38;2;255;100;0mtrue colour\x1b[48;5;17m ground\x1b[0m\x1b[10;1H\r\n\r\nscrolled",
  "\x1b]8;;https://example.org/\x1b\\a link\x1b]8;;\x1b\\\x1b(0lqqk\x1b(B\x1b[4h\x1b[6n\x1b[c\x1b]10;?\x07",
  "\x1b[12;40Hlast words — ✓\x1b[K",
].join("");

function terminal() {
  return new Terminal({ cols: 60, rows: 20, scrollback: 200, allowProposedApi: true });
}

function screenOf(term) {
  return { write: (bytes, done) => term.write(bytes, done), resize: (cols, rows) => term.resize(cols, rows) };
}

/** Push `frames` and return once the screen has parsed them. */
function show(term, frames, link = 1) {
  return new Promise((resolve) => {
    const sequence = new Sequence(screenOf(term), { ...QUIET, replayed: resolve });
    for (const frame of [...frames, { type: "replay_end" }]) sequence.push(frame, link);
  });
}

function picture(term) {
  const lines = (buffer) => Array.from({ length: buffer.length }, (_, y) => cells(buffer.getLine(y)));
  const { active, normal, alternate } = term.buffer;
  return {
    size: [term.cols, term.rows],
    cursor: [active.type, active.cursorX, active.cursorY, active.baseY],
    modes: modesOf(term.modes),
    normal: lines(normal).join("\n").trimEnd(),
    alternate: lines(alternate).join("\n").trimEnd(),
  };
}

function modesOf(modes) {
  return Object.entries(modes).sort().map(String);
}

/** One line as text that shows widths and colours, without what is empty at its end. */
function cells(line) {
  const texts = Array.from({ length: line.length }, (_, x) => {
    const cell = line.getCell(x);
    return `${cell.getChars()}/${cell.getWidth()}/${cell.getFgColor()}/${cell.getBgColor()}/${cell.isInverse()}`;
  });
  return texts.join(" ").replace(/( \/1\/-1\/-1\/0)+$/, "");
}

function output(bytes, offset = 0) {
  return { type: "output", offset, bytes };
}

function chop(bytes, cuts) {
  const marks = [0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b), bytes.length];
  return marks.slice(1).map((end, index) => output(bytes.subarray(marks[index], end), marks[index]));
}

const BYTES = new TextEncoder().encode(PROGRAM);

async function direct() {
  const term = terminal();
  await new Promise((resolve) => term.write(BYTES, resolve));
  return picture(term);
}

test("output cut in two at every byte gives the same screen", async () => {
  const expected = await direct();
  for (let cut = 1; cut < BYTES.length; cut += 1) {
    const term = terminal();
    await show(term, chop(BYTES, [cut]));
    assert.deepEqual(picture(term), expected, `cut at ${cut}`);
  }
});

test("output cut at random into many pieces gives the same screen", async () => {
  const expected = await direct();
  const random = seededRandom(7);
  for (let round = 0; round < 60; round += 1) {
    const cuts = Array.from({ length: between(random, 1, 40) }, () => between(random, 1, BYTES.length - 1));
    const term = terminal();
    await show(term, chop(BYTES, [...new Set(cuts)]));
    assert.deepEqual(picture(term), expected, `round ${round}`);
  }
});

test("a RESET at any byte forgets everything: the replay shows what a fresh terminal shows", async () => {
  const expected = await direct();
  for (let cut = 1; cut < BYTES.length; cut += 3) {
    const term = terminal();
    const garbage = output(BYTES.subarray(0, cut));
    await show(term, [garbage, { type: "reset", offset: 0, bytes: new Uint8Array() }, output(BYTES)]);
    assert.deepEqual(picture(term), expected, `RESET after ${cut} bytes`);
  }
});

test("a RESET shows a hidden cursor and takes away the titles of the terminal that was there before", async () => {
  const term = new Terminal({ cols: 60, rows: 20, windowOptions: { popTitle: true, pushTitle: true }, allowProposedApi: true });
  const [answers, titles] = [[], []];
  await show(term, [output(new TextEncoder().encode("\x1b[?25l\x1b]2;old\x07\x1b[22;2t\x1b[22;2t"))]);
  await show(term, [{ type: "reset", offset: 0, bytes: new Uint8Array() }]);
  term.onData((data) => answers.push(data));
  term.onTitleChange((title) => titles.push(title));
  await show(term, [output(new TextEncoder().encode("\x1b[?25$p\x1b]2;new\x07\x1b[23;2t"))]);
  assert.deepEqual([answers, titles], [["\x1b[?25;1$y"], ["new"]]);
});

test("a mode preamble puts a reset terminal where the lost output had put it", async () => {
  const preamble = new TextEncoder().encode("\x1b[?1049h\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?1h");
  const term = terminal();
  await show(term, [output(BYTES), { type: "reset", offset: 5_000, bytes: preamble }]);
  assert.equal(term.buffer.active.type, "alternate");
  assert.equal(term.modes.mouseTrackingMode, "drag");
  assert.equal(term.modes.bracketedPasteMode, true);
  assert.equal(term.modes.applicationCursorKeysMode, true);
});

test("old output is laid out at the size it was written for", async () => {
  const text = new TextEncoder().encode("x".repeat(90));
  const live = terminal();
  await new Promise((resolve) => live.write(text, resolve));
  live.resize(100, 20);
  const term = terminal();
  await show(term, [{ type: "size", cols: 60, rows: 20 }, output(text), { type: "size", cols: 100, rows: 20 }]);
  assert.deepEqual(picture(term), picture(live));
});

test("everything a terminal answers by itself during a replay is known as an answer", async () => {
  const term = terminal();
  const said = [];
  term.onData((data) => said.push(data));
  const questions = "\x1b[c\x1b[>c\x1b[5n\x1b[6n\x1b[?6n\x1b[?2004$p\x1b[4$p\x1b[?1004h\x1bP$qm\x1b\\\x1bP$qr\x1b\\\x1b[18t";
  await show(term, [output(new TextEncoder().encode(questions))]);
  assert.ok(said.length >= 8, `${said.length} answers`);
  assert.deepEqual(
    said.filter((data) => !isAnswer(data) && !isFocusReport(data)),
    [],
  );
});
