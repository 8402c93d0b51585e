/**
 * How many cells a character takes, for xterm.js: what the libc of a sandbox says, so that line editors and full-screen
 * programs find the cursor where they have put it. They count characters one by one; so does this, and no grapheme clusters.
 */
import { NONE, TWO } from "./widths-table.js";

const CELLS = cells();

/** What `term.unicode.register` takes. */
export const WIDTHS = { version: "sandlot", wcwidth, charProperties };

/** Return 0, 1 or 2. */
export function wcwidth(code) {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  return code < 0xa0 ? 1 : (CELLS[code] ?? 1);
}

/**
 * Width and joining of `code` behind a character of the properties `preceding`, packed as xterm.js wants it
 * (UnicodeService.createPropertyValue): a character without a cell joins the one before, whose width stays.
 */
function charProperties(code, preceding) {
  const width = wcwidth(code);
  const before = (preceding >> 1) & 3;
  const joins = width === 0 && before > 0;
  return ((joins ? before : width) << 1) | (joins ? 1 : 0);
}

function cells() {
  const widths = new Uint8Array(0x110000).fill(1);
  mark(widths, NONE, 0);
  mark(widths, TWO, 2);
  return widths;
}

function mark(widths, table, width) {
  let at = 0;
  for (const range of table.split(" ")) {
    const [gap, more = 0] = range.split(".").map((number) => parseInt(number, 36));
    at += gap;
    widths.fill(width, at, at + more + 1);
    at += more;
  }
}
