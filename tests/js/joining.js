/** Two viewers of the same output: one who was there from the start, one who joins at some offset. */
import { Sequence } from "../../static/src/lib/wire/sequence.js";
import { preambleOf } from "./holder.js";
import { ReferenceTerminal } from "./terminal-state.js";

/** What a program draws that paints its whole screen anew. */
export const PAINT = [
  "\x1b[H\x1b[2J",
  ...Array.from({ length: 12 }, (_, row) => `\x1b[${row + 1};1H\x1b[3${row % 8};4${(row + 1) % 8}mrow ${row} é漢字qx\x1b[m`),
].join("");

export async function stayed(output, size) {
  const terminal = new ReferenceTerminal(size);
  await terminal.write(output);
  return terminal;
}

/** Joins at `cut`; the page had shown the first `gone` bytes before. */
export async function joined(output, cut, size, gone = 0) {
  const terminal = new ReferenceTerminal(size);
  const preamble = await preambleOf(output.subarray(0, cut), size);
  const frames = [
    { type: "output", offset: 0, bytes: output.subarray(0, gone) },
    { type: "reset", offset: cut, bytes: preamble },
    { type: "output", offset: cut, bytes: output.subarray(cut) },
  ];
  await show(
    terminal,
    frames.filter(({ type, bytes }) => type === "reset" || bytes.length > 0),
  );
  return terminal;
}

/** Push frames as they come over a link; done once the terminal has parsed them. */
export function show(terminal, frames) {
  return new Promise((resolve) => {
    const sequence = new Sequence(terminal.screen, { parsed() {}, exited() {}, replayed: resolve });
    for (const frame of [...frames, { type: "replay_end" }]) sequence.push(frame, 1);
  });
}

/** The screen after `paint`: what stands there, which screen it is, where the cursor is. */
export async function painted(terminal, paint = "") {
  await terminal.write(paint);
  const { type, cursorX, cursorY } = terminal.term.buffer.active;
  return { picture: terminal.picture(), cursor: [type, cursorX, cursorY] };
}
