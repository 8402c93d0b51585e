/**
 * What Ctrl makes of a digit or a punctuation mark, with or without Shift, where xterm.js sends nothing. The rule is that
 * of X (XLookupString): the character that the key gives, its upper bits cleared; what has no control code stays itself.
 * Of "?" xterm makes DEL by itself.
 */
const DIGITS = { 2: "\x00", 3: "\x1b", 4: "\x1c", 5: "\x1d", 6: "\x1e", 7: "\x1f", 8: "\x7f" };

/** Return what a keydown sends, or null where that is xterm.js's or the browser's business. */
export function controlOf({ key, ctrlKey, altKey, metaKey, shiftKey }) {
  if (!ctrlKey || altKey || metaKey || key.length !== 1 || key > "~" || key < " ") return null;
  if (key === " ") return shiftKey ? "\x00" : null;
  if (/[a-z]/i.test(key)) return shiftKey ? masked(key) : null;
  // Ctrl+Plus and Ctrl+Minus set the size of the page.
  if (!shiftKey && /[-=+0]/.test(key)) return null;
  if (key === "/") return "\x1f";
  if (key === "?") return "\x7f";
  return DIGITS[key] ?? (key >= "@" ? masked(key) : key);
}

function masked(key) {
  return String.fromCharCode(key.charCodeAt(0) & 0x1f);
}
