/** Stands at the end of a terminal whose process has ended. */
import { element, textButton } from "../dom.js";

export class ExitBar {
  #text = element("span", { class: "terminal-exit-text" });
  #bar;

  /**
   * Without the callbacks, for someone who only looks, there are no buttons.
   *
   * @param {{ onNew?: () => unknown, onClose?: () => unknown }} callbacks
   */
  constructor({ onNew, onClose }) {
    const buttons = onNew ? [textButton("New terminal", onNew, "primary"), textButton("Close", onClose)] : [];
    this.#bar = element("div", { class: "terminal-exit", hidden: true }, this.#text, ...buttons);
  }

  get node() {
    return this.#bar;
  }

  get text() {
    return this.#text.textContent;
  }

  /** Show the sentence that says how it ended. */
  show(text) {
    this.#text.textContent = text;
    this.#bar.hidden = false;
  }
}
