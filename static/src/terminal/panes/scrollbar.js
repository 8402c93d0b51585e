/**
 * xterm.js 6.0 shows its scrollbar for every line that scrolls by, and sets a timer anew each time to hide it again: half of
 * what its script does in a flood. Here the bar shows when a person scrolls, and not for output.
 */
export class Scrollbar {
  #term;
  #frame = 0;
  #isHeld = false;

  constructor(term) {
    this.#term = term;
  }

  /** The terminal was opened on `mount`. */
  start(mount) {
    this.#update();
    // A selection that is drawn over the edge scrolls by a timer of its own.
    mount.addEventListener("pointerdown", () => this.#hold());
  }

  /** What is scrolled in this turn, a person scrolls. */
  follow() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#update();
    });
    this.#update();
  }

  #hold() {
    const letGo = () => {
      this.#isHeld = false;
      this.#update();
    };
    this.#isHeld = true;
    for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, letGo, { once: true });
    this.#update();
  }

  /** Not part of xterm.js's API: a version that lacks it shows its bar as it likes. */
  #update() {
    this.#term._core?._viewport?._scrollableElement?.setRevealOnScroll?.(this.#isHeld || this.#frame !== 0);
  }
}
