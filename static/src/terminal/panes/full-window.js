/** Lets the terminals fill the window: the rest of the page is hidden, and a button and a key bring it back. */
import { named } from "../../lib/typing/shortcuts.js";
import { iconButton, setAttribute } from "../dom.js";
import { icon } from "../icons.js";

export class FullWindow {
  #button = iconButton(icon("maximize"), named("full"), () => this.toggle(), { "aria-pressed": "false" });

  get button() {
    return this.#button;
  }

  toggle() {
    const isFull = document.body.classList.toggle("is-full-window");
    setAttribute(this.#button, "aria-pressed", String(isFull));
  }
}
