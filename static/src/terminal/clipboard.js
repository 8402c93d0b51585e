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
  // What was copied last: the question may stay open while a program copies more.
  #offered = "";

  constructor(toasts) {
    this.#toasts = toasts;
  }

  /** A program sent the OSC 52 `body`. Reading is never answered. */
  offer(body) {
    const text = clipboardText(body);
    if (text === null || this.#answer === "no") return;
    this.#offered = text;
    if (this.#answer === "yes") this.#write(text);
    else if (this.#answer === "unknown") this.#ask();
  }

  #ask() {
    this.#answer = "asked";
    this.#toasts.show("info", "A program in the terminal wants to write to your clipboard.", [
      ["Allow on this page", () => this.#agree()],
      ["Refuse", () => (this.#answer = "no")],
    ]);
  }

  #agree() {
    this.#answer = "yes";
    this.#write(this.#offered);
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
