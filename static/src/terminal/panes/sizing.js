/**
 * Fits one terminal into its place. What fits is only told to the holder: xterm.js itself takes the size that comes
 * with the output, which is this viewer's own while it drives and another's while it looks.
 */
import { FitAddon } from "@xterm/addon-fit";

import { letterboxFontSize } from "../../lib/looks/letterbox.js";
import { browserClock } from "../clock.js";

// Dragging a window's edge asks for one size, not for fifty.
const SETTLES_MS = 100;

export class Sizing {
  #term;
  #mount;
  #connection;
  #preferences;
  #fit = new FitAddon();
  #observer = new ResizeObserver(() => this.soon());
  #cancel = () => {};
  #isShown = false;

  constructor({ term, mount, connection, preferences }) {
    this.#term = term;
    this.#mount = mount;
    this.#connection = connection;
    this.#preferences = preferences;
    term.loadAddon(this.#fit);
  }

  /** The terminal was opened: give it and the first hello the size that fits. */
  start() {
    const room = this.#room();
    if (room) this.#term.resize(room.cols, room.rows);
    this.#connection.resize(this.#term.cols, this.#term.rows);
  }

  show() {
    this.#isShown = true;
    this.#observer.observe(this.#mount);
    this.now();
  }

  hide() {
    this.#isShown = false;
    this.#cancel();
    this.#observer.unobserve(this.#mount);
  }

  /** Something that may change the size changed, and more of it may follow. */
  soon() {
    this.#cancel();
    this.#cancel = browserClock.after(SETTLES_MS, () => this.now());
  }

  /** Tell the holder what fits, and show another viewer's screen as large as it goes. */
  now() {
    const room = this.#isShown ? this.#room() : null;
    if (!room) return;
    // Nobody decides the size of what has ended; the bar below took some of the room.
    if (this.#connection.state === "ended") this.#term.resize(room.cols, room.rows);
    this.#letterbox(room);
    this.#connection.resize(room.cols, room.rows);
  }

  #letterbox(room) {
    const { fontSize } = this.#preferences.values;
    const shown = this.#isOwnSize() ? fontSize : letterboxFontSize(fontSize, room, this.#term);
    if (this.#term.options.fontSize !== shown) this.#term.options.fontSize = shown;
    const fits = this.#term.cols === room.cols && this.#term.rows === room.rows;
    this.#mount.classList.toggle("is-letterboxed", !this.#isOwnSize() && !fits);
  }

  #isOwnSize() {
    const { isDriving, canType, viewers } = this.#connection;
    return isDriving || canType || viewers.length === 0;
  }

  /** Columns and rows that fit at the chosen text size, whatever size is shown now; null while hidden. */
  #room() {
    const proposed = this.#fit.proposeDimensions();
    if (!proposed || !Number.isFinite(proposed.cols) || !Number.isFinite(proposed.rows)) return null;
    const scale = this.#term.options.fontSize / this.#preferences.values.fontSize;
    return { cols: Math.floor(proposed.cols * scale), rows: Math.floor(proposed.rows * scale) };
  }
}
