/**
 * Typing on soft keyboards and with input methods. They name no keys (keyCode 229) and change the text of xterm.js's
 * hidden field instead. xterm.js looks what became of it a timer later, which doubles what is typed faster than timers
 * run and loses what comes after its look (CompositionHelper 6.0); here each change says what was typed.
 *
 * Words that are still being composed stay with xterm.js, and are sent whole; `settle` sends them early.
 */
import { typedBetween } from "../../lib/typing/typed.js";

const NAMELESS = 229;
// For xterm.js a key that is none of the composition, and otherwise nothing: it sends what was composed.
const END_OF_WORD = { key: "Fn", keyCode: 0 };

export class SoftInput {
  #term;
  #isCtrlHeld;
  #field = /** @type {HTMLTextAreaElement} */ (/** @type {unknown} */ (null));
  /** Whether the last key was a nameless one: what the field gets next is its. */
  #isNameless = false;
  #isComposing = false;
  /** The word is done and xterm.js is about to send it, with what followed it in the field. */
  #isEnding = false;
  #before = "";

  /** `isCtrlHeld()`: whether the next letter is to be one with Ctrl, and so cannot wait for the end of its word. */
  constructor(term, isCtrlHeld) {
    this.#term = term;
    this.#isCtrlHeld = isCtrlHeld;
  }

  /** The terminal is open. */
  connect() {
    this.#field = this.#term.textarea;
    this.#field.setAttribute("autocomplete", "off");
    const on = (type, listener) => this.#field.addEventListener(type, listener, { capture: true });
    on("compositionstart", () => (this.#isComposing = true));
    on("compositionend", () => this.#composed());
    on("beforeinput", () => (this.#before = this.#field.value));
    on("input", (event) => this.#changed(event));
    on("blur", () => this.#isEnding && this.#sendWord());
    // Not by the timer below alone: a key may come between it and that of xterm.js.
    this.#term.onData(() => (this.#isEnding = false));
  }

  /** A key is down. Returns whether it is for xterm.js. */
  mayHandle({ keyCode }) {
    this.#isNameless = keyCode === NAMELESS;
    return !this.#isNameless || this.#isComposing || this.#isEnding;
  }

  /** Send the word that is being composed; what is sent next comes behind it. */
  settle() {
    if (!this.#isComposing) return;
    // The only way to tell an input method that its word is done. In one go, so that the keyboard stays.
    this.#field.blur();
    this.#field.focus();
  }

  #composed() {
    this.#isComposing = false;
    this.#isEnding = true;
    setTimeout(() => (this.#isEnding = false));
  }

  #sendWord() {
    this.#field.dispatchEvent(new KeyboardEvent("keydown", END_OF_WORD));
    this.#isEnding = false;
  }

  #changed({ isComposing }) {
    if (isComposing && this.#isCtrlHeld()) setTimeout(() => this.settle());
    if (isComposing || this.#isComposing || this.#isEnding || !this.#isNameless) return;
    const keys = typedBetween(this.#before, this.#field.value);
    // As xterm.js does with its own Enter: the line is done, and so is what an input method may look back at.
    if (keys.endsWith("\r")) this.#field.value = "";
    if (keys !== "") this.#term.input(keys, true);
  }
}
