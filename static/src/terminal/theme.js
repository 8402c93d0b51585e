/** Follows the page's colours: reads them from the tokens, and again whenever they change. */
import { matchColours, themeOf } from "../lib/palette.js";

export class Theme {
  #host;
  #pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** `host` wears the terminal's ground, text, accent (as caret) and font; terminal.css says which tokens these are. */
  constructor(host) {
    this.#host = host;
  }

  /** Colours for xterm.js. */
  get terminal() {
    return themeOf(this.#colours());
  }

  /** Colours for the search's matches. */
  get matches() {
    return matchColours(this.#colours());
  }

  get fontFamily() {
    return getComputedStyle(this.#host).fontFamily;
  }

  /** Call `onChange` when the system or the page changes between light and dark. Returns a function that stops it. */
  watch(onChange) {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const page = new MutationObserver(onChange);
    system.addEventListener("change", onChange);
    page.observe(document.documentElement, { attributeFilter: ["data-theme", "class"] });
    return () => {
      system.removeEventListener("change", onChange);
      page.disconnect();
    };
  }

  #colours() {
    const { backgroundColor, color, caretColor } = getComputedStyle(this.#host);
    return {
      background: this.#rgb(backgroundColor),
      foreground: this.#rgb(color),
      accent: this.#rgb(caretColor),
    };
  }

  /** A browser may say a colour in any notation; a painted pixel is always red, green, blue. */
  #rgb(colour) {
    this.#pixel.fillStyle = colour;
    this.#pixel.fillRect(0, 0, 1, 1);
    return [...this.#pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }
}
