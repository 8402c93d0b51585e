/** The keys that soft keyboards lack. Shown on touch screens; Ctrl holds for the next key. */
import { withCtrl } from "../../lib/typing/typed.js";
import { element, setAttribute } from "../dom.js";

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
  #ctrl = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ (null));
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

  /** Whether Ctrl holds for the next key. */
  get isCtrlHeld() {
    return this.#ctrl.getAttribute("aria-pressed") === "true";
  }

  /** Return `data`, one key that is about to be typed, as it is with Ctrl where that is held, and let go of it. */
  withCtrl(data) {
    if (!this.isCtrlHeld || !isOneKey(data)) return data;
    this.#hold(false);
    return withCtrl(data);
  }

  #button(label, name, data) {
    const button = element("button", { type: "button", "aria-label": name, on: { click: () => this.#press(data) } }, label);
    // Keeps the focus, and with it the soft keyboard, in the terminal. Safari asks the second one.
    for (const type of ["pointerdown", "mousedown"]) button.addEventListener(type, (event) => event.preventDefault());
    if (data === null) this.#ctrl = button;
    if (data === null) button.setAttribute("aria-pressed", "false");
    return button;
  }

  #press(data) {
    const view = this.#viewOf();
    view?.settle();
    if (data === null) this.#hold(!this.isCtrlHeld);
    else if (view) view.type(isArrow(data) ? arrow(data, view.term) : data);
    view?.focus();
  }

  #hold(isHeld) {
    setAttribute(this.#ctrl, "aria-pressed", String(isHeld));
  }
}

/** A character or an arrow; not what a program is told of the mouse, nor a paste. */
function isOneKey(data) {
  return [...data].length === 1 || /^\x1b[[O][A-D]$/.test(data);
}

function isArrow(data) {
  return /^[A-D]$/.test(data);
}

function arrow(direction, term) {
  return (term.modes.applicationCursorKeysMode ? "\x1bO" : "\x1b[") + direction;
}
