/** What someone typed, told from what became of a text field: soft keyboards say no keys, they change the text. */

const DELETE = "\x7f";
const ENTER = "\r";

/** Return the keys that lead from `before` to `after`: one Backspace for each character that went, then what came. */
export function typedBetween(before, after) {
  const [old, new_] = [[...before], [...after]];
  let same = 0;
  while (same < old.length && old[same] === new_[same]) same += 1;
  return (
    DELETE.repeat(old.length - same) +
    new_
      .slice(same)
      .join("")
      .replaceAll(/\r\n|\r|\n/g, ENTER)
  );
}

// What a terminal sends for Ctrl and a key that is no letter. Source: xterm's ctlseqs, "Control characters".
const OTHERS = { " ": "\0", "/": "\x1f", "?": "\x7f", 2: "\0", 3: "\x1b", 4: "\x1c", 5: "\x1d", 6: "\x1e", 7: "\x1f", 8: "\x7f" };
const ARROW = /^\x1b[[O]([A-D])$/;

/** Return what Ctrl makes of `data`, one key as it would be typed: its control character, an arrow with Ctrl, or itself. */
export function withCtrl(data) {
  const arrow = ARROW.exec(data);
  if (arrow) return `\x1b[1;5${arrow[1]}`;
  const code = data.length === 1 ? data.toUpperCase().charCodeAt(0) : 0;
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : (OTHERS[data] ?? data);
}
