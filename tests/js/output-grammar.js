/** Terminal output made at random, dense in what a late viewer must know: see PIECES. */
import { between } from "./random.js";

const MODES = [1, 5, 6, 7, 45, 66, 1004, 1007, 2004, 2026, 2031];
const MOUSE = [9, 1000, 1002, 1003, 1006, 1016];
const COLOURS = ["#f80", "#123456", "rgb:1/2/3", "rgb:ab/cd/ef", "rgb:123/456/789", "rgb:ffff/0/8000", "rgb:a/bc/d", "?", "red"];
const CHARSETS = ["0", "A", "B", "4", "K", "=", "z"];
const ATTRIBUTES = [1, 2, 3, 5, 7, 8, 9, 21, 22, 23, 24, 25, 27, 28, 29, 39, 49, 53, 55, 100];

/*
 * Each returns a piece of output. `n(low, high)` is a random number, `one(list)` a random entry. What is in the list of
 * exceptions (joining.test.js) is left out: a restored cursor is followed by an SGR that says whether to underline, a tab
 * stop stands where the column is known (CAN ends what would swallow the carriage return), and no link stays open while lines or screens go away.
 */
const PIECES = [
  // Text: plain, wide, combined, of several lines; a character set shows in "qx`~".
  ({ n }) => "the quick brown fox ".slice(0, n(1, 20)),
  ({ one }) => one(["\r\n", "\n", "\r", "\t", "\b", "\x07", "qx`~{", "é漢字🙂", "e\u0301", "👩‍👩‍👧", "—“’", "\x7f", "\0"]),
  ({ n }) => `\x1b[${n(1, 12)};${n(1, 40)}H`,
  ({ n, one }) => `\x1b[${n(0, 9)}${one([..."ABCDEFGIKPXZ@`abdef"])}`,
  // How characters are drawn.
  ({ one }) => `\x1b[${one(ATTRIBUTES)}m`,
  ({ n }) => `\x1b[${n(0, 9)};${n(30, 49)};${n(90, 107)}m`,
  ({ one }) => one(["\x1b[m", "\x1b[0m", "\x1b[4m", "\x1b[;1m", "\x1b[1;4;53m"]),
  ({ n }) => `\x1b[4:${n(0, 6)}m`,
  ({ n, one }) => `\x1b[${one([38, 48, 58])};5;${n(0, 300)}m`,
  ({ n, one }) => `\x1b[${one([38, 48, 58])};2;${n(0, 255)};${n(0, 255)};${n(0, 255)};1m`,
  ({ n, one }) => `\x1b[${one([38, 48, 58])}:2::${n(0, 255)}:${n(0, 255)}:${n(0, 255)};3m`,
  ({ n, one }) => `\x1b[${one([38, 48, 58])}:${one(["2:1:2:3", `5:${n(0, 255)}`, "5", "2", "2:1", ":2:3", "3:4"])}m`,
  ({ n, one }) =>
    `\x1b[1;${one([38, 48, 58])};${one(["5", "2;1", "3;1;2;3;4;5;7", "5:7;9", "2:1:2:3;9", "2;1:2:3;7", "", "0;1;2;3;4;5;7"])};${n(0, 9)}m`,
  ({ n }) => `\x1b[${n(0, 2)}"q`,
  // Hyperlinks.
  ({ n }) => `\x1b]8;;http://x/${n(1, 3)}\x07link\x1b]8;;\x07`,
  ({ one }) => one(["\x1b]8;;\x07", "\x1b]8;;\x1b\\", "\x1b]8;id=1;\x07", "\x1b]8\x07", "\x1b]8; ;\x07"]),
  // Character sets.
  ({ one }) => `\x1b${one([..."()*+-./"])}${one(CHARSETS)}`,
  ({ one }) => one(["\x0e", "\x0f", "\x1bn", "\x1bo", "\x1b|", "\x1b}", "\x1b~", "\x1b%G", "\x1b%@", "\x1b[?2h"]),
  // The saved cursor.
  ({ one }) => one(["\x1b7", "\x1b[s", "\x1b[?1048h"]),
  ({ one }) => `${one(["\x1b8", "\x1b[u", "\x1b[?1048l"])}\x1b[${one(["0", "24", "4:3", "4"])}m`,
  // Margins, tab stops.
  ({ n }) => `\x1b[${n(0, 8)};${n(0, 15)}r`,
  () => "\x1b[r",
  ({ n }) => `\x1b[${n(1, 45)}G\x1bH`,
  ({ n }) => `\x18\r${" ".repeat(n(0, 20))}\x1bH${" ".repeat(n(1, 20))}\x1bH`,
  ({ n }) => `\x1b[5;${n(1, 40)}H\x1b[${n(1, 3)}C\x1b[g`,
  ({ one }) => one(["\x1b[3g", "\x18\r\x1b[0g", "\x1b[2g"]),
  // Modes.
  ({ one }) => `\x1b[?${one(MODES)}${one(["h", "l"])}`,
  ({ one }) => `\x1b[?${one(MODES)};${one(MOUSE)}${one(["h", "l"])}`,
  ({ one }) => `\x1b[?${one(MOUSE)}${one(["h", "h", "l"])}`,
  ({ one }) => `\x1b[?${one([12, 25])}${one(["h", "l"])}`,
  ({ one }) => `\x1b[${one(["4", "20", "4;20"])}${one(["h", "l"])}`,
  ({ one }) => one(["\x1b=", "\x1b>"]),
  ({ n }) => `\x1b[${n(0, 8)} q`,
  // Titles and their stack.
  ({ n, one }) => `\x1b]${one([0, 1, 2, "02"])};títle ${n(1, 99)}${one(["\x07", "\x1b\\", "\u009c"])}`,
  ({ one }) => one(["\x1b]2;\x07", "\x1b]0\x07", "\x1b]2;lost\x18", "\x1b];none\x07", "\x1b]2x;none\x07"]),
  ({ one }) => `\x1b[${one([22, 23])}${one(["t", ";0t", ";1t", ";2t", ";2;0t"])}`,
  // Colours.
  ({ n, one }) => `\x1b]4;${n(0, 260)};${one(COLOURS)};${n(0, 15)};${one(COLOURS)}\x07`,
  ({ n, one }) => `\x1b]${n(10, 12)};${one(COLOURS)};${one(COLOURS)}\x1b\\`,
  ({ n, one }) => one(["\x1b]104\x07", `\x1b]104;${n(0, 15)};x\x07`, "\x1b]110\x07", "\x1b]111;\x07", "\x1b]112\x07"]),
  // Resets.
  ({ n }) => (n(1, 3) === 1 ? "\x1bc" : ""),
  ({ n }) => (n(1, 2) === 1 ? "\x1b[!p" : ""),
  // Sequences that are broken off, spoilt, unknown, or only for someone else.
  ({ one }) => one(["\x18", "\x1a", "\x1b", "\x1b[", "\x1b[?", "\x1b[1;", "\x1b]2;half", "\x1bP", "\x1b_", "\x1bX", "\x1b[1 "]),
  ({ one }) =>
    one([
      "\x1b[1!2p",
      "\x1b[5é1m",
      "\x1b[?1\x0e25h",
      "\x1b[1\x7f;3m",
      "\x1b[ \x7f3m",
      "\x1b( \x7f0",
      "\x1b(é",
      "\x1b[<1?2h",
      "\x1b   Z",
    ]),
  ({ one }) =>
    one([
      "\x1bP1$r0m\x1b\\",
      "\x1bPq#0;2é~\x1b\\",
      "\x1bP1?é[31m\x1b\\",
      "\x1b_apc é[32m",
      "\x1b^pm\x1b\\",
      "\x1bP!1é\x18",
      "\x1bP1é[1m",
    ]),
  ({ one }) =>
    one([
      "\x1b[c",
      "\x1b[6n",
      "\x1b[>1u",
      "\x1b[<u",
      "\x1b[>4;1m",
      "\x1b]52;c;aGk=\x07",
      "\x1b]7;file:///\x07",
      "\x1b[14t",
      "\x1b[?6n",
    ]),
  ({ one }) => one(["\u009b1m", "\u009d2;c1\u009c", "\u0090q\u009c", "\u0098x\u009c"]),
];

const OPEN_LINKS = [({ n }) => `\x1b]8;;http://x/${n(1, 3)}\x07`, ({ n }) => `\x1b]8;id=${n(1, 2)};http://x/;a=${n(1, 3)}\x1b\\`];

const LINES_AND_SCREENS_GO = [
  ({ n, one }) => `\x1b[${n(0, 9)}${one([..."JLMST"])}`,
  ({ one }) => one(["\x1bD", "\x1bE", "\x1bM", "\x1b#8", "\x85", "\x1b[?2J", "\x1b[2 @", "\x1b[3'}"]),
  ({ one }) => `\x1b[?${one([47, 1047, 1049])}h`,
  ({ one }) => `\x1b[?${one([47, 1047, 1049])}l\x1b[${one(["0", "24", "4:3"])}m`,
];

/** Some output as bytes, of `count` pieces. */
export function randomOutput(random, count) {
  const n = (low, high) => between(random, low, high);
  const one = (list) => list[n(0, list.length - 1)];
  const more = one([OPEN_LINKS, LINES_AND_SCREENS_GO, LINES_AND_SCREENS_GO]);
  // Those few pieces matter as much as all others together make of them: every fourth piece is one of them.
  const piece = () => one(n(1, 4) === 1 ? more : PIECES)({ n, one });
  return new TextEncoder().encode(Array.from({ length: count }, piece).join(""));
}
