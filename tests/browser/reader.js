/**
 * Put into every page of the browser tests: reads the shown terminal from xterm.js's buffer, because what it paints are
 * pixels. `#terminal-workspace`.terminals is the page's own map from id to {term, connection}.
 */
window.reader = {
  id() {
    return document.getElementById("terminal-workspace")?.dataset.shown || null;
  },

  shown() {
    return document.getElementById("terminal-workspace")?.terminals?.get(this.id()) ?? null;
  },

  state() {
    return this.shown()?.connection.state ?? "none";
  },

  unconfirmed() {
    return this.shown().connection.unconfirmedBytes;
  },

  /** Everything that can be scrolled to, lines that were wrapped joined again. */
  text() {
    const { term } = this.shown() ?? {};
    if (!term) return "";
    const buffer = term.buffer.active;
    let text = "";
    for (let y = 0; y < buffer.length; y += 1) {
      const line = buffer.getLine(y);
      const isContinued = buffer.getLine(y + 1)?.isWrapped ?? false;
      text += line.translateToString(!isContinued) + (isContinued ? "" : "\n");
    }
    return text.trimEnd();
  },

  /** What a person sees and what a program relies on: text, colours, cursor, modes, title, size. */
  screen() {
    const { term } = this.shown();
    const buffer = term.buffer.active;
    const lines = Array.from({ length: term.rows }, (_, row) => buffer.getLine(buffer.viewportY + row));
    return {
      text: lines.map((line) => line.translateToString(true)),
      looks: lines.map((line) => looksOf(line, term.cols)),
      cursor: [buffer.cursorX, buffer.cursorY],
      buffer: buffer.type,
      size: [term.cols, term.rows],
      modes: { ...plain(term.modes) },
      // Not part of xterm.js's API, and the one thing that its own SerializeAddon forgets.
      mouseEncoding: term._core.coreMouseService.activeEncoding,
      isCursorHidden: term._core.coreService.isCursorHidden,
      cursorStyle: term._core.coreService.decPrivateModes.cursorStyle ?? null,
      title: document.querySelector(`#pane-${CSS.escape(this.id())} .terminal-screen`).title,
    };
  },

  /** Open a second socket that names itself as this page's own viewer does, as a copied browser profile would. */
  async takeOver() {
    const socket = new WebSocket(this.sockets.at(-1).url, "sandlot.terminal.v1");
    await new Promise((resolve) => (socket.onopen = resolve));
    socket.send(this.sockets.at(-1).hello);
  },

  /** Every terminal socket of this page with its first message. */
  sockets: [],

  /** Begin to look whether the terminal is quiet: what was seen for the last question does not count. */
  startLooking() {
    this.looks = 0;
    this.lastOffset = null;
  },

  /** Whether the last calls, one per frame, all found the same offset. */
  isQuiet() {
    const { offset } = this.shown().connection.position;
    this.looks = offset === this.lastOffset ? this.looks + 1 : 0;
    this.lastOffset = offset;
    return this.looks >= 20;
  },

  /** How often the scrollbar came up or changed while it was seen; counted from watchScrollbar() on. */
  scrollbarShows: 0,

  watchScrollbar() {
    const bar = document.querySelector(".xterm-scrollable-element > .scrollbar.vertical");
    const look = () => (this.scrollbarShows += bar.classList.contains("visible") ? 1 : 0);
    new MutationObserver(look).observe(bar, { attributeFilter: ["class"] });
  },

  /** Where on the page the last occurrence of `text` stands: the middle of its first cell, in CSS pixels. */
  placeOf(text) {
    const { term } = this.shown();
    const buffer = term.buffer.active;
    const box = document.querySelector(`#pane-${CSS.escape(this.id())} .xterm-screen`).getBoundingClientRect();
    const cell = { width: box.width / term.cols, height: box.height / term.rows };
    for (let row = term.rows - 1; row >= 0; row -= 1) {
      const column = buffer.getLine(buffer.viewportY + row).translateToString(true).indexOf(text);
      if (column < 0) continue;
      return { x: box.x + (column + 0.5) * cell.width, y: box.y + (row + 0.5) * cell.height };
    }
    throw new Error(`${text} is not on the screen`);
  },
};

const { send } = WebSocket.prototype;
WebSocket.prototype.send = function sendAndRemember(data) {
  if (typeof data === "string" && data.includes('"hello"')) window.reader.sockets.push({ url: this.url, hello: data });
  return send.call(this, data);
};

/** Colours and attributes of a line, in runs: "<columns>x<look>". */
function looksOf(line, cols) {
  const runs = [];
  for (let x = 0; x < cols; x += 1) {
    const look = lookOf(line.getCell(x));
    if (runs.at(-1)?.look === look) runs.at(-1).columns += 1;
    else runs.push({ look, columns: 1 });
  }
  return runs.map(({ look, columns }) => `${columns}x${look}`).join(" ");
}

function lookOf(cell) {
  const flags = [cell.isBold(), cell.isDim(), cell.isItalic(), cell.isUnderline(), cell.isInverse(), cell.isBlink()];
  const bits = flags.map((flag) => (flag ? 1 : 0)).join("");
  return [cell.getFgColorMode(), cell.getFgColor(), cell.getBgColorMode(), cell.getBgColor(), bits].join("/");
}

/** The getters of xterm.js's modes as a plain object. */
function plain(modes) {
  const names = Object.keys(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(modes)));
  const all = new Set([...Object.keys(modes), ...names.filter((name) => name.endsWith("Mode"))]);
  return Object.fromEntries([...all].map((name) => [name, modes[name]]));
}
