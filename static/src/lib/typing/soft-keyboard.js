/** Whether a soft keyboard covers the page, told from how much of it is seen. Heights and widths are CSS pixels. */

// Less than this is the browser's own bar, more is a keyboard.
const KEYBOARD_MIN_PX = 120;
// Fewer lines than bars: the terminal needs all of what is left, as on a phone that lies on its side.
const LITTLE_PX = 300;

export class SoftKeyboard {
  #width = 0;
  #tallest = 0;

  /**
   * Return what a page that is `width` x `height` for layout does when `seen` of its height is, at `scale` (1 unless
   * someone zoomed in): {isOpen, hasLittleRoom, height}. `height` is what to lay out in; null where the browser sees to
   * that, as Chromium does for `interactive-widget=resizes-content`.
   */
  look({ width, height, seen, scale }) {
    if (width !== this.#width) this.#tallest = 0; // turned round
    this.#width = width;
    this.#tallest = Math.max(this.#tallest, height);
    // Rounded: Safari says 1.0000001 now and then.
    if (Math.round(scale * 100) !== 100) return { isOpen: false, hasLittleRoom: false, height: null };
    const isOpen = this.#tallest - seen > KEYBOARD_MIN_PX;
    const isCovered = height - seen > KEYBOARD_MIN_PX;
    return { isOpen, hasLittleRoom: isOpen && seen < LITTLE_PX, height: isCovered ? seen : null };
  }
}
