/**
 * Keeps the terminal above a soft keyboard, and leaves it what is left of the screen: the rest of the page goes away while
 * someone types on one. terminal.css says what stays.
 */
import { SoftKeyboard } from "../../lib/typing/soft-keyboard.js";

// A window that a mouse makes lower has no keyboard in it.
const TOUCH = matchMedia("(pointer: coarse)");

/** Follow the visual viewport from now on. */
export function followSoftKeyboard() {
  const { visualViewport } = window;
  const keyboard = new SoftKeyboard();
  const follow = () =>
    fit(
      keyboard.look({
        ...layout(),
        seen: /** @type {any} */ (visualViewport).height,
        scale: /** @type {any} */ (visualViewport).scale,
      }),
    );
  visualViewport?.addEventListener("resize", follow);
  visualViewport?.addEventListener("scroll", follow);
  if (visualViewport) follow();
}

function layout() {
  return { width: window.innerWidth, height: window.innerHeight };
}

function fit({ isOpen, hasLittleRoom, height }) {
  const { body } = document;
  body.classList.toggle("has-soft-keyboard", isOpen && TOUCH.matches);
  body.classList.toggle("has-little-room", hasLittleRoom && TOUCH.matches);
  body.style.blockSize = height === null ? "" : `${height}px`;
  if (height !== null) window.scrollTo(0, 0);
}
