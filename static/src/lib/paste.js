/** Makes pasted text safe to hand to a shell. */

const BRACKET_END = "\x1b[201~";
// U+241B, the picture of ESC.
const HARMLESS_END = "\u241b[201~";

/** Return `text` without the sequence that would end a bracketed paste early and run the rest. */
export function withoutBracketEnd(text) {
  return text.replaceAll(BRACKET_END, HARMLESS_END);
}

/** Return how many commands a shell would see: lines, where a line break at the very end counts as one more Enter. */
export function lineCount(text) {
  return text.split(/\r\n|\r|\n/).length;
}
