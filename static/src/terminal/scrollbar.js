/**
 * xterm.js 6.0 shows its scrollbar for every line that scrolls by, and sets a timer anew each time to hide it again: a
 * third of the time that a flood takes. Here the bar shows when a person scrolls, and not for output.
 */
export class Scrollbar {
  #term;
  #frame = 0;

  constructor(term) {
    this.#term = term;
  }

  /** The terminal was opened. */
  start() {
    this.#showsWhenScrolled(false);
  }

  /** What is scrolled in this turn, a person scrolls. */
  follow() {
    this.#showsWhenScrolled(true);
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#showsWhenScrolled(false));
  }

  /** Not part of xterm.js's API: a version that lacks it shows its bar as it likes. */
  #showsWhenScrolled(isShown) {
    this.#term._core?._viewport?._scrollableElement?.setRevealOnScroll?.(isShown);
  }
}
