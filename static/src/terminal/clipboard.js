/** Copying out of the terminal, and letting programs write to the clipboard (OSC 52) once a person agreed. */
import { clipboardText } from "../lib/typing/osc52.js";

/** Copy the selection of `term`. Resolves to false when nothing is selected or the browser refuses. */
export async function copySelection(term) {
  if (!term.hasSelection()) return false;
  // Without https the clipboard API is missing; the copy command then goes through xterm.js's own listener.
  if (!navigator.clipboard) return document.execCommand("copy");
  return write(term.getSelection());
}

/** Resolves to what the clipboard holds; null when the browser refuses to tell. */
export async function clipboardRead() {
  try {
    return await navigator.clipboard.readText();
  } catch (error) {
    console.info("The browser refused to read the clipboard.", error);
    return null;
  }
}

/** Asks once per page whether programs may write to the clipboard. */
export class ClipboardConsent {
  #toasts;
  #answer = "unknown";

  constructor(toasts) {
    this.#toasts = toasts;
  }

  /** A program sent the OSC 52 `body`. Reading is never answered. */
  offer(body) {
    const text = clipboardText(body);
    if (text === null || this.#answer === "no" || this.#answer === "asked") return;
    if (this.#answer === "yes") this.#write(text);
    else this.#ask(text);
  }

  #ask(text) {
    this.#answer = "asked";
    this.#toasts.show("info", "A program in the terminal wants to write to your clipboard.", [
      ["Allow on this page", () => this.#agree(text)],
      ["Refuse", () => (this.#answer = "no")],
    ]);
  }

  #agree(text) {
    this.#answer = "yes";
    this.#write(text);
  }

  async #write(text) {
    if (await write(text)) this.#toasts.say("Copied by a program in the terminal.");
    else this.#toasts.show("warning", "The browser did not let the program write to the clipboard.");
  }
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    console.info("The browser refused to write to the clipboard.", error);
    return false;
  }
}
