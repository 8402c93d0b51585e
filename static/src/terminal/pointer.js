/** Copying and pasting by mouse: copy on select, and the right button. */

export class Pointer {
  #view;
  #preferences;

  /** `view` has term, copy() and pasteFromClipboard(). */
  constructor(view, preferences) {
    this.#view = view;
    this.#preferences = preferences;
  }

  /** Listen on `mount`, where xterm.js is. */
  connect(mount) {
    mount.addEventListener("mouseup", (event) => event.button === 0 && this.#selected());
    mount.addEventListener("contextmenu", (event) => this.#menuAsked(event));
  }

  #selected() {
    if (this.#preferences.values.copyOnSelect && this.#view.term.hasSelection()) this.#view.copy();
  }

  /** With Shift, in a program that uses the mouse, or where the clipboard is closed (no https), it is the browser's. */
  #menuAsked(event) {
    const isOurs = this.#preferences.values.rightClick === "clipboard" && this.#view.term.modes.mouseTrackingMode === "none";
    if (!isOurs || event.shiftKey || !navigator.clipboard?.readText) return;
    event.preventDefault();
    if (this.#view.term.hasSelection()) this.#copyAndForget();
    else this.#view.pasteFromClipboard();
  }

  /** So that the next right click pastes. */
  async #copyAndForget() {
    if (await this.#view.copy()) this.#view.term.clearSelection();
  }
}
