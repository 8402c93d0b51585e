/**
 * Resizes a terminal and keeps the line that the cursor is in.
 *
 * xterm.js lays all lines out anew but that one, which it cuts: a shell paints its line again. Other programs do not, and what
 * was cut is gone. Whether a line editor waits is told by bracketed paste, which bash, zsh and fish set for as long as they do.
 * Where the line is laid out anew, xterm.js leaves the cursor in its old column; it belongs behind the text.
 */

export function resize(term, cols, rows) {
  const isEdited = term.modes.bracketedPasteMode;
  const isBehind = !isEdited && term.buffer.active.type === "normal" && cols !== term.cols && isBehindText(term);
  term.options.reflowCursorLine = !isEdited;
  term.resize(cols, rows);
  if (isBehind) term.write(toTextEnd(term));
}

/** Whether the cursor stands right behind the text of its line. */
function isBehindText(term) {
  const { line, next, cursorX } = cursorLine(term);
  if (!line || next?.isWrapped) return false;
  return cursorX > 0 && lengthOf(line) === cursorX;
}

/** Return what moves the cursor behind the text of its row. In a full row it waits for the next character to wrap. */
function toTextEnd(term) {
  const { line, cursorX } = cursorLine(term);
  const length = lengthOf(line);
  if (length === cursorX) return "";
  if (length < term.cols) return `\x1b[${length + 1}G`;
  const last = line.getCell(length - 1);
  const width = last.getWidth() === 0 ? 2 : 1;
  return `\x1b[${length - width + 1}G${line.getCell(length - width).getChars()}`;
}

function cursorLine(term) {
  const { active } = term.buffer;
  const y = active.baseY + active.cursorY;
  return { line: active.getLine(y), next: active.getLine(y + 1), cursorX: active.cursorX };
}

/** Cells up to the last one that holds something. */
function lengthOf(line) {
  let length = line.length;
  while (length > 0 && line.getCell(length - 1).getCode() === 0 && line.getCell(length - 1).getWidth() === 1) length -= 1;
  return length;
}
