/** The keys that soft keyboards lack. Shown on touch screens; Ctrl holds for the next key. */
import { element, setAttribute } from "./dom.js";

const KEYS = [
  ["Esc", "Escape", "\x1b"],
  ["Tab", "Tab", "\t"],
  ["Ctrl", "Control, for the next key", null],
  ["←", "Left", "D"],
  ["↑", "Up", "A"],
  ["↓", "Down", "B"],
  ["→", "Right", "C"],
  ["|", "Pipe", "|"],
  ["/", "Slash", "/"],
  ["-", "Minus", "-"],
];

export class KeyRow {
  #viewOf;
  #ctrl = null;
  #row;

  /** `viewOf` returns the shown view, or null. */
  constructor(viewOf) {
    this.#viewOf = viewOf;
    const buttons = KEYS.map(([label, name, data]) => this.#button(label, name, data));
    this.#row = element("div", { class: "terminal-keyrow", role: "toolbar", "aria-label": "Keys" }, ...buttons);
  }

  get node() {
    return this.#row;
  }

  /** Turn `data` that is about to be typed into its control character when Ctrl is held. */
  withCtrl(data) {
    if (this.#ctrl.getAttribute("aria-pressed") !== "true" || data.length !== 1) return data;
    this.#hold(false);
    const code = data.toUpperCase().charCodeAt(0);
    return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : data;
  }

  #button(label, name, data) {
    const button = element("button", { type: "button", "aria-label": name, on: { click: () => this.#press(data) } }, label);
    // Keeps the focus, and with it the soft keyboard, in the terminal.
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    if (data === null) this.#ctrl = button;
    if (data === null) button.setAttribute("aria-pressed", "false");
    return button;
  }

  #press(data) {
    const view = this.#viewOf();
    if (data === null) this.#hold(this.#ctrl.getAttribute("aria-pressed") !== "true");
    else if (view) view.type(isArrow(data) ? arrow(data, view.term) : data);
    view?.focus();
  }

  #hold(isHeld) {
    setAttribute(this.#ctrl, "aria-pressed", String(isHeld));
  }
}

function isArrow(data) {
  return /^[A-D]$/.test(data);
}

function arrow(direction, term) {
  return (term.modes.applicationCursorKeysMode ? "\x1bO" : "\x1b[") + direction;
}
