/**
 * What a terminal (@xterm/headless) is in: everything that shapes what comes next, found out by asking it and by
 * painting on it. It is not the same terminal afterwards.
 */
import headless from "@xterm/headless";

const PRIVATE = [1, 6, 7, 9, 12, 25, 45, 66, 1000, 1002, 1003, 1004, 1006, 1016, 47, 2004, 2026];
const OPTIONS = { windowOptions: { pushTitle: true, popTitle: true }, allowProposedApi: true, logLevel: "off" };

/** A terminal as the page makes it, which keeps its colours as a page with a theme would. */
export class ReferenceTerminal {
  answers = [];
  titles = [];
  colours = new Map();

  constructor({ cols, rows }, scrollback = 50) {
    this.term = new headless.Terminal({ cols, rows, scrollback, ...OPTIONS });
    this.term.onData((data) => this.answers.push(data));
    this.term.onTitleChange((title) => this.titles.push(title));
    this.inside.onColor((requests) => requests.forEach((request) => this.#colour(request)));
  }

  /** What no sequence asks for (xterm.js 6.0): colours, links and the shape of the cursor. */
  get inside() {
    return this.term._core._inputHandler;
  }

  get size() {
    return { cols: this.term.cols, rows: this.term.rows };
  }

  /** A screen for Sequence. */
  get screen() {
    return { write: (bytes, done) => this.term.write(bytes, done), resize: (cols, rows) => this.term.resize(cols, rows) };
  }

  write(data) {
    return new Promise((resolve) => this.term.write(data, resolve));
  }

  /** What it answers to `questions`. */
  async ask(questions) {
    this.answers = [];
    await this.write(questions);
    return this.answers.join("").replaceAll("\x1b", "^");
  }

  /** The lines on the screen, each cell with its looks; empty cells at the end of a line are left out. */
  picture() {
    const { active } = this.term.buffer;
    return Array.from({ length: this.term.rows }, (_, row) => this.line(active.getLine(active.baseY + row)));
  }

  /** A line, each cell with its looks. */
  line(line) {
    const cells = Array.from({ length: line.length }, (_, x) => this.cell(line.getCell(x)));
    return cells.join(" ").replace(/( _)+$/, "");
  }

  /** A cell in one word: "_" when it is empty and has no looks of its own. */
  cell(cell) {
    const looks = [
      ["fg", cell.isFgDefault() ? "" : `${cell.getFgColorMode() >> 24}.${cell.getFgColor().toString(16)}`],
      ["bg", cell.isBgDefault() ? "" : `${cell.getBgColorMode() >> 24}.${cell.getBgColor().toString(16)}`],
      ["bold", cell.isBold()],
      ["dim", cell.isDim()],
      ["italic", cell.isItalic()],
      ["blink", cell.isBlink()],
      ["inverse", cell.isInverse()],
      ["invisible", cell.isInvisible()],
      ["strike", cell.isStrikethrough()],
      ["overline", cell.isOverline()],
      ["protected", cell.isProtected()],
      ["underline", this.#underline(cell)],
      ["link", this.#link(cell)],
    ];
    const shown = looks
      .filter(([, value]) => value)
      .map(([name, value]) => (value > 1 || Number.isNaN(Number(value)) ? `${name}=${value}` : name));
    return (cell.getChars() || (cell.getWidth() ? "" : "·")) + (shown.length ? `<${shown}>` : "") || "_";
  }

  /** Kind and colour as they are drawn. */
  #underline(cell) {
    const kind = cell.getUnderlineStyle();
    const coloured = kind && cell.hasExtendedAttrs() && cell.getUnderlineColorMode() !== cell.getFgColorMode();
    return coloured || (kind && cell.getUnderlineColor() !== cell.getFgColor())
      ? `${kind}/${cell.getUnderlineColor().toString(16)}`
      : kind;
  }

  #link(cell) {
    const id = cell.hasExtendedAttrs() ? cell.extended.urlId : 0;
    const data = id && this.term._core._oscLinkService.getLinkData(id);
    return data ? `${data.id ?? ""};${data.uri}` : "";
  }

  #colour({ type, index, color }) {
    if (type === 1) this.colours.set(index, color.join("."));
    else if (type === 2 && index === undefined)
      [...this.colours.keys()].filter((key) => key < 256).forEach((key) => this.colours.delete(key));
    else if (type === 2) this.colours.delete(index);
  }
}

/**
 * Everything that a viewer who joined late must share with one who was there. The cursor's place is not in it before
 * something has moved it to a place.
 */
export async function stateOf(terminal) {
  await terminal.write("\x18");
  return {
    modes: await modesOf(terminal),
    colours: Object.fromEntries([...terminal.colours].sort()),
    next: await nextCharacters(terminal, ""),
    screen: await screenOf(terminal),
    charsets: await nextCharacters(terminal, "", ["\x0f", "\x0e", "\x1bn", "\x1bo"]),
    other: await otherScreenOf(terminal),
    titles: await titlesOf(terminal),
  };
}

async function modesOf(terminal) {
  const { cursorStyle, cursorBlink } = terminal.term._core.coreService.decPrivateModes;
  return {
    ...terminal.term.modes,
    asked: await terminal.ask(PRIVATE.map((mode) => `\x1b[?${mode}$p`).join("") + "\x1b[4$p\x1b[20$p"),
    status: await terminal.ask('\x1bP$q"q\x1b\\\x1bP$q q\x1b\\'),
    cursor: `${cursorStyle} ${cursorBlink}`,
  };
}

/** How the next characters look, after each of `before`. */
async function nextCharacters(terminal, restore, before = [""]) {
  const seen = [];
  for (const sequence of before) {
    await terminal.write(`${restore}${sequence}\x1b[2;2Haq\`#{`);
    const { active } = terminal.term.buffer;
    const line = active.getLine(active.baseY + active.cursorY);
    seen.push(Array.from({ length: 5 }, (_, i) => terminal.cell(line.getCell(active.cursorX - 5 + i))).join(" "));
  }
  return seen;
}

/** Margins, tab stops and the saved cursor of the screen that shows. */
async function screenOf(terminal) {
  const stops = "\r" + "\t\x1b[6n".repeat(Math.min(terminal.size.cols, 48));
  return {
    type: terminal.term.buffer.active.type,
    margins: await terminal.ask("\x1bP$qr\x1b\\"),
    stops: (await terminal.ask(stops)).match(/\d+(?=R)/g).join(" "),
    saved: await nextCharacters(terminal, "\x1b8"),
  };
}

async function otherScreenOf(terminal) {
  await terminal.write(terminal.term.buffer.active.type === "normal" ? "\x1b[?47h" : "\x1b[?47l");
  return screenOf(terminal);
}

/** The title, and those that wait below it. */
async function titlesOf(terminal) {
  const title = terminal.titles.at(-1) ?? "";
  terminal.titles = [];
  await terminal.write("\x1b[23;2t".repeat(12));
  return [title, ...terminal.titles];
}
