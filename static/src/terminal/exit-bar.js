/** Stands at the end of a terminal whose process has ended. */
import { exitSentence } from "../lib/exit-status.js";
import { element, textButton } from "./dom.js";

export class ExitBar {
  #text = element("span", { class: "terminal-exit-text" });
  #bar;

  constructor({ onNew, onClose }) {
    const buttons = [textButton("New terminal", onNew, "primary"), textButton("Close", onClose)];
    this.#bar = element("div", { class: "terminal-exit", hidden: true }, this.#text, ...buttons);
  }

  get node() {
    return this.#bar;
  }

  /** Show how the process ended; returns the sentence. */
  show(status) {
    this.#text.textContent = exitSentence(status);
    this.#bar.hidden = false;
    return this.#text.textContent;
  }
}
