/** Keeps the page above a soft keyboard: browsers only shrink what is seen, not what is laid out. */

// Less than this is the browser's own bar, more is a keyboard.
const KEYBOARD_MIN_PX = 120;

/** Follow the visual viewport from now on. */
export function followSoftKeyboard() {
  const { visualViewport } = window;
  visualViewport?.addEventListener("resize", () => fit(visualViewport));
  visualViewport?.addEventListener("scroll", () => fit(visualViewport));
}

function fit({ height, scale }) {
  const isKeyboard = scale === 1 && window.innerHeight - height > KEYBOARD_MIN_PX;
  document.body.style.blockSize = isKeyboard ? `${height}px` : "";
  if (isKeyboard) window.scrollTo(0, 0);
}
