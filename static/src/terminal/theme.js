/** Follows the page's colours, or those the person prefers: reads them from the tokens, again whenever they change. */
import { matchColours, themeOf } from "../lib/looks/colours.js";
import { fontFamilyOf } from "../lib/looks/preferences.js";

// WCAG AA and AAA; programs choose colours without knowing the ground they stand on.
const CONTRAST = 4.5;
const HIGH_CONTRAST = 7;

export class Theme {
  #host;
  #preferences;
  #pixel = /** @type {CanvasRenderingContext2D} */ (
    document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  );

  /** `host` wears the terminal's ground, text, accent (as caret) and font; terminal.css says which tokens these are. */
  constructor(host, preferences) {
    this.#host = host;
    this.#preferences = preferences;
    this.apply();
  }

  /** Wear what the person prefers. */
  apply() {
    const { theme } = this.#preferences.values;
    this.#host.classList.toggle("own-theme", theme !== "page");
    this.#host.dataset.look = theme;
  }

  /** The least contrast between text and its ground. */
  get contrast() {
    return this.#preferences.values.theme === "contrast" ? HIGH_CONTRAST : CONTRAST;
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
    return fontFamilyOf(this.#preferences.values.fontFamily, getComputedStyle(this.#host).fontFamily);
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
