/**
 * A viewer is given no more output than makes the lines it keeps, and never less: the holder's replay against
 * @xterm/headless fed with everything, line by line with their looks.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { buildHolder, replayOf } from "./holder.js";
import { between, seededRandom } from "./random.js";
import { ReferenceTerminal } from "./terminal-state.js";

const SIZE = { cols: 40, rows: 12 };
// Many more than lie between two marks, so that the first of them tell whether the replay began early enough.
const SCROLLBACK = 1_500;
const encode = (text) => new TextEncoder().encode(text);

before(buildHolder);

/** Everything that can be scrolled to, and the cursor's place. */
async function shown(bytes, scrollback) {
  const terminal = new ReferenceTerminal(SIZE, scrollback);
  await terminal.write(bytes);
  const { active, normal } = terminal.term.buffer;
  const lines = Array.from({ length: normal.length }, (_, y) => terminal.line(normal.getLine(y)));
  return { lines, cursor: [active.type, active.cursorX, active.cursorY] };
}

/** Lines of text that a number tells apart, in colours, each in a row of its own. */
function lines(n, count) {
  const line = () => `${n(0, 1e9)} \x1b[3${n(0, 7)}m${"é漢字 text ".repeat(n(0, 2))}\x1b[m\r\n`;
  return Array.from({ length: count }, line).join("");
}

// More than the holder reads at a time, and nothing is seen of it.
const IDLE = "\x1b[m".repeat(1_500);

/** What makes newlines of which a count of lines must know better: once `open`, many times `unit`, once `close`. */
const PROGRAMS = {
  "a progress display that goes up": { unit: "step\x1b[K\r\nbar\x1b[K\r\n\x1b[2A" },
  "one that goes up now and then": { unit: `${IDLE}\x1b[11A${IDLE}${"line\r\n".repeat(11)}`, bytes: 300_000, scrollback: 50 },
  "a progress display that goes up to the start of a line": { unit: "step\r\nbar\r\n\x1b[2F" },
  "absolute places": { unit: "\x1b[4;9Hplace\r\n\n\n" },
  "absolute places by another name": { unit: "\x1b[4;9fplace\r\n\n\n" },
  "absolute rows": { unit: "\x1b[4dplace\r\n\n\n" },
  "a saved place": { open: "\x1b[3A\x1b7", unit: "down\r\ndown\r\n\x1b8" },
  "a saved place by another name": { open: "\x1b[3A\x1b[s", unit: "down\r\ndown\r\n\x1b[u" },
  "a saved place by a mode": { open: "\x1b[3A\x1b[?1048h", unit: "down\r\ndown\r\n\x1b[?1048l" },
  "a place that was saved before lines were thrown away": { unit: "\x1b7a\r\nb\r\nc\r\n\x1b8", bytes: 60 },
  "a line that is pulled down time and again": {
    open: "\x1b[Hmark\r",
    unit: `${IDLE}\x1b[H\x1b[11T${IDLE}${"\n".repeat(22)}`,
    bytes: 300_000,
    scrollback: 50,
  },
  "going back over wrapped lines": { open: "\x1b[?45h", unit: `\r\n${"x".repeat(400)}${"\b".repeat(400)}`, close: "\x1b[?45l" },
  "scrolling back": { unit: "\r\n\x1bM" },
  "lines that scroll away": { unit: "line\r\n\x1b[S" },
  "lines that are pushed down": { unit: "line\r\n\x1b[T" },
  "a full-screen program": { open: "\x1b[?1049h\x1b[H", unit: "inside\r\n", close: "\x1b[?1049l" },
  "many full-screen programs": { unit: "\x1b[?1049h\n\n\n\n\n\x1b[?1049l" },
  "a full-screen program by an older name": { unit: "\x1b[?47h\n\n\n\n\n\x1b[?47l" },
  "a scroll region below a head": { open: "\x1b[3;9r\x1b[5;1H", unit: "inside\r\n", close: "\x1b[r\x1b[12;1H" },
  "many scroll regions": { unit: "\x1b[3;9r\n\n\n\n\x1b[r" },
  "origin mode": { unit: "line\r\nline\r\n\x1b[?6h\x1b[?6l" },
  "a screen full of E": { unit: "line\r\nline\r\n\x1b#8" },
  "a picture": { open: "\x1bPq", unit: "~~\n~~\n", close: "\x1b\\" },
  "a title of many lines": { open: "\x1b]2;", unit: "title\n", close: "\x07" },
  "a message to nobody": { open: "\x1b_", unit: "text\n", close: "\x1b\\" },
  "a screen that is cleared": { unit: "line\r\nline\r\n\x1b[H\x1b[2J" },
  "lines that are taken out": { unit: "line\r\nline\r\n\x1b[4A\x1b[2M" },
  "lines that are put in": { unit: "line\r\nline\r\n\x1b[4A\x1b[2L" },
  "scrollback that is thrown away": { unit: "line\r\nline\r\n\x1b[3J" },
  "a terminal that is reset": { unit: "line\r\nline\r\n\x1bc" },
};

/** Returns where the replay begins. */
async function assertShowsTheSame(output, scrollback = SCROLLBACK) {
  const replay = await replayOf(output, SIZE, scrollback + SIZE.rows);
  assert.deepEqual(
    await shown(replay.bytes, scrollback),
    await shown(output, scrollback),
    `from ${replay.offset} of ${output.length}`,
  );
  return replay.offset;
}

for (const [name, { open = "", unit, close = "", bytes = 60_000, scrollback = SCROLLBACK }] of Object.entries(PROGRAMS)) {
  test(`a replay of the lines that are kept shows what one who stayed can scroll to: ${name}`, async () => {
    const random = seededRandom(7);
    const n = (low, high) => between(random, low, high);
    const before = lines(n, scrollback + 1_000);
    for (const share of [0, 0.5]) {
      const program = open + unit.repeat(n(bytes / 3, bytes) / unit.length) + close;
      await assertShowsTheSame(encode(before + program + lines(n, n(share * scrollback, scrollback))), scrollback);
      const offset = await assertShowsTheSame(encode(program + before), scrollback);
      assert.ok(offset > 0, "nothing was cut");
    }
  });
}

test("a replay of the lines that are kept shows the same after any of these in any order", async () => {
  const random = seededRandom(8);
  const n = (low, high) => between(random, low, high);
  const programs = Object.values(PROGRAMS);
  const piece = ({ open = "", unit, close = "" }) =>
    open + unit.repeat(n(1, 30_000) / unit.length) + close + lines(n, n(0, 1_000));
  for (let session = 0; session < 25; session += 1) {
    const pieces = Array.from({ length: n(1, 8) }, () => piece(programs[n(0, programs.length - 1)]));
    await assertShowsTheSame(encode(lines(n, n(0, 3_000)) + pieces.join("")));
  }
});

test("of plain lines hardly more than those that are kept is replayed", async () => {
  const output = encode(Array.from({ length: 5_000 }, (_, i) => `line ${i} of a log\r\n`).join(""));
  const { offset } = await replayOf(output, SIZE, 62);
  assert.ok(output.length - offset < 2 * 16 * 1024 + 2_500, `${output.length - offset} bytes`);
});
