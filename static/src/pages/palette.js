/**
 * The keys of every page: Ctrl+K or Cmd+K, `/` and `?`. The palette's dialog opens at once, so that what is typed next
 * lands in it; what fills it, and the list of keys, come with a script of their own, fetched when first asked for.
 */
import { KeyChoices } from "../lib/typing/key-choices.js";
import { isPaletteKey, pageShortcutOf, shortcutOf } from "../lib/typing/shortcuts.js";
import { say } from "./toasts.js";

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const TERMINAL = ".xterm";
const TYPED_INTO = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit])";
// What xterm.js reads of a keydown; keyCode is the old number of the key.
const CTRL_K = { key: "k", code: "KeyK", keyCode: 75, ctrlKey: true, bubbles: true, cancelable: true };

/** Start where someone is signed in. */
export function enablePalette(document) {
  const dialog = document.getElementById("palette");
  if (dialog) new Opener(dialog).listen();
}

class Opener {
  #dialog;
  #field;
  #choices = new KeyChoices(localStorage);
  /** @type {Promise<any> | null} */
  #script = null;

  constructor(dialog) {
    this.#dialog = dialog;
    this.#field = dialog.querySelector("input");
  }

  listen() {
    // Before xterm.js, which takes every key that it gets.
    window.addEventListener("keydown", (event) => this.#pressed(event), { capture: true });
    document.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("[data-open-palette]")) this.#open();
    });
    this.#dialog.addEventListener("click", ({ target }) => this.#clicked(target));
    for (const key of IS_MAC ? document.querySelectorAll("[data-open-palette] .key") : []) key.textContent = "⌘K";
  }

  #pressed(event) {
    const act = event.isTrusted && this.#actOf(event); // a key that was passed on comes by again
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat) act();
  }

  /** Return what a key does here, or null when it belongs to whatever has the focus. */
  #actOf(event) {
    const isInTerminal = Boolean(event.target.closest?.(TERMINAL));
    if (isPaletteKey(event, IS_MAC)) {
      if (this.#dialog.open) return () => this.#closeByKey();
      return isInTerminal && !IS_MAC && this.#choices.isCtrlKForShell ? null : () => this.#open();
    }
    if (isInTerminal) return shortcutOf(event, IS_MAC) === "palette" ? () => this.#open() : null;
    const isBusy = event.target.closest?.(TYPED_INTO) || document.querySelector("dialog[open]");
    return isBusy || !this.#choices.areSingleKeysOn ? null : this.#singleKey(pageShortcutOf(event));
  }

  #singleKey(action) {
    const filter = /** @type {HTMLElement} */ (document.querySelector("main input[type=search]"));
    if (action === "help") return () => this.#help();
    return action === "filter" && filter ? () => filter.focus() : null;
  }

  async #open() {
    if (this.#dialog.open) return;
    this.#field.value = "";
    this.#dialog.showModal();
    const script = await this.#load();
    script?.openPalette(this.#dialog, { help: () => this.#help() });
  }

  async #help() {
    const script = await this.#load();
    script?.showHelp(this.#choices, { isMac: IS_MAC });
  }

  async #load() {
    try {
      this.#script ??= import(this.#dialog.dataset.script);
      return await this.#script;
    } catch {
      this.#script = null; // the next time may be luckier
      this.#dialog.close();
      say(document, "The server does not answer. Try again in a moment.");
      return null;
    }
  }

  /** Pressed again, the key goes to the terminal that lies below: a shell needs it. */
  #closeByKey() {
    this.#dialog.close(); // the focus goes back to where it was
    const below = document.activeElement;
    if (!IS_MAC && below?.closest(TERMINAL)) below.dispatchEvent(new KeyboardEvent("keydown", CTRL_K));
  }

  /** The body covers the dialog's whole face, so a click on the dialog itself is one beside it. */
  #clicked(target) {
    if (target === this.#dialog || target.closest("[data-close]")) this.#dialog.close();
  }
}
