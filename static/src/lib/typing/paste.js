/** Makes pasted text safe to hand to a shell. */

const BRACKET_END = "\x1b[201~";
// U+241B, the picture of ESC.
const HARMLESS_END = "\u241b[201~";

// What a person takes in at a glance.
const LINES_SHOWN = 6;
const LINE_SHOWN = 100;

/** Return `text` without the sequence that would end a bracketed paste early and run the rest. */
export function withoutBracketEnd(text) {
  return text.replaceAll(BRACKET_END, HARMLESS_END);
}

/** Return how many commands a shell would see: lines, where a line break at the very end counts as one more Enter. */
export function lineCount(text) {
  return linesOf(text).length;
}

/** Return `text` on one line: line breaks, with the blanks around them, become one blank. */
export function asOneLine(text) {
  return text.trim().replace(/[ \t]*[\r\n]+[ \t]*/g, " ");
}

/** Return the beginning of `text` for a question: its first lines, shortened, with control characters as pictures. */
export function excerptOf(text) {
  const lines = linesOf(text);
  const shown = lines.slice(0, LINES_SHOWN).map((line) => (line.length > LINE_SHOWN ? `${line.slice(0, LINE_SHOWN)}…` : line));
  const pictures = shown.map((line) =>
    line.replace(/[\x00-\x08\x0b-\x1f]/g, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0))),
  );
  return pictures.join("\n") + (lines.length > LINES_SHOWN ? "\n…" : "");
}

function linesOf(text) {
  return text.split(/\r\n|\r|\n/);
}
