/**
 * The words that narrow the list: `status:running owner:me template:debian text`. Knows no DOM.
 *
 * Twin: sandboxes/search.py, which does the same on the server.
 */

const KEYS = ["status", "owner", "template"];

/** Read the language: { words, pairs: [[key, value], …] }, lower case. A key that is not known is plain text. */
export function parse(text) {
  const words = [];
  const pairs = [];
  for (const part of text.toLowerCase().split(/\s+/).filter(Boolean)) {
    const colon = part.indexOf(":");
    const key = part.slice(0, Math.max(colon, 0));
    if (!KEYS.includes(key)) words.push(part);
    else if (colon + 1 < part.length) pairs.push([key, part.slice(colon + 1)]);
  }
  return { words, pairs };
}

/** Whether a row { text, status, owner, template, isMine } is what was asked for. */
export function matches({ words, pairs }, row) {
  return words.every((word) => row.text.includes(word)) && pairs.every(([key, value]) => holds(key, value, row));
}

function holds(key, value, row) {
  if (key === "status") return row.status.startsWith(value);
  if (key === "owner" && value === "me") return row.isMine;
  return row[key].includes(value);
}
