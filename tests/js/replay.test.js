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
const KEPT = 50 + SIZE.rows;
const encode = (text) => new TextEncoder().encode(text);

before(buildHolder);

/** Everything that can be scrolled to, and the cursor's place. */
async function shown(bytes) {
  const terminal = new ReferenceTerminal(SIZE);
  await terminal.write(bytes);
  const { active, normal } = terminal.term.buffer;
  const lines = Array.from({ length: normal.length }, (_, y) => terminal.line(normal.getLine(y)));
  return { lines, cursor: [active.type, active.cursorX, active.cursorY] };
}

/** Lines of text whose `number` tells them apart, some in colour, some longer than a row. */
function lines(n, count) {
  const line = () => `${n(0, 1e9)} \x1b[3${n(0, 7)}m${"é漢字 text ".repeat(n(0, 6))}\x1b[m\r\n`;
  return Array.from({ length: count }, line).join("");
}

// More than the holder reads at a time, and nothing is seen of it.
const IDLE = "\x1b[m".repeat(1_500);

/** What makes newlines of which a count of lines must know better: once `open`, many times `unit`, once `close`. */
const PROGRAMS = {
  "a progress display that goes up": { unit: "step\x1b[K\r\nbar\x1b[K\r\n\x1b[2A" },
  "one that goes up now and then": { unit: `${IDLE}\x1b[11A${IDLE}${"line\r\n".repeat(11)}` },
  "a progress display that goes up to the start of a line": { unit: "step\r\nbar\r\n\x1b[2F" },
  "absolute places": { unit: "\x1b[4;9Hplace\r\n\n\n" },
  "absolute places by another name": { unit: "\x1b[4;9fplace\r\n\n\n" },
  "absolute rows": { unit: "\x1b[4dplace\r\n\n\n" },
  "a saved place": { open: "\x1b[3A\x1b7", unit: "down\r\ndown\r\n\x1b8" },
  "a saved place by another name": { open: "\x1b[3A\x1b[s", unit: "down\r\ndown\r\n\x1b[u" },
  "a saved place by a mode": { open: "\x1b[3A\x1b[?1048h", unit: "down\r\ndown\r\n\x1b[?1048l" },
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

async function assertShowsTheSame(output) {
  const replay = await replayOf(output, SIZE, KEPT);
  assert.deepEqual(await shown(replay.bytes), await shown(output), `from ${replay.offset} of ${output.length}`);
  return replay.offset;
}

for (const [name, { open = "", unit, close = "" }] of Object.entries(PROGRAMS)) {
  test(`a replay of the lines that are kept shows what one who stayed can scroll to: ${name}`, async () => {
    const random = seededRandom(7);
    const n = (low, high) => between(random, low, high);
    for (let session = 0; session < 4; session += 1) {
      const program = open + unit.repeat(n(20_000, 60_000) / unit.length) + close;
      await assertShowsTheSame(encode(lines(n, 600) + program + lines(n, n(0, KEPT))));
      const offset = await assertShowsTheSame(encode(program + lines(n, 1_200)));
      assert.ok(offset > 0, "nothing was cut");
    }
  });
}

test("a replay of the lines that are kept shows the same after any of these in any order", async () => {
  const random = seededRandom(8);
  const n = (low, high) => between(random, low, high);
  const programs = Object.values(PROGRAMS);
  const piece = ({ open = "", unit, close = "" }) => open + unit.repeat(n(1, 1_500)) + close + lines(n, n(0, 500));
  for (let session = 0; session < 40; session += 1) {
    const pieces = Array.from({ length: n(1, 8) }, () => piece(programs[n(0, programs.length - 1)]));
    await assertShowsTheSame(encode(lines(n, n(0, 900)) + pieces.join("")));
  }
});

test("of plain lines hardly more than those that are kept is replayed", async () => {
  const output = encode(Array.from({ length: 5_000 }, (_, i) => `line ${i} of a log\r\n`).join(""));
  const { offset } = await replayOf(output, SIZE, KEPT);
  assert.ok(output.length - offset < 2 * 16 * 1024 + 2_000, `${output.length - offset} bytes`);
});
