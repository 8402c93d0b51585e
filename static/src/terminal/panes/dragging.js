/**
 * Dragging along a strip that scrolls, by mouse, pen and finger alike. A finger that moves at once scrolls the strip; one
 * that first holds still takes what is below it.
 */

// A hand that clicks trembles.
const TREMBLES_PX = 6;
// Shorter than the 500 ms after which Android shows its menu, longer than a tap.
const HOLD_MS = 350;
// At the end of a strip it goes on while the pointer stays.
const AGAIN_MS = 20;

/** Let `node` be dragged. `held(isHeld)` says that it was taken and let go, `dragged(clientX)` where it is, again and again. */
export function makeDraggable(node, { held, dragged }) {
  /** @type {Drag | null} */
  let drag = null;
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    drag?.end();
    drag = new Drag(event, { held, dragged });
  });
  // Here from the start: what is added during a touch does not keep the browser from scrolling.
  node.addEventListener("touchmove", (event) => drag?.isHeld && event.cancelable && event.preventDefault(), { passive: false });
  node.addEventListener("contextmenu", (event) => drag?.isUnderFinger && event.preventDefault());
}

class Drag {
  isHeld = false;
  #isTouch;
  #startX;
  #x;
  #handlers;
  #hold = /** @type {number} */ (/** @type {unknown} */ (null));
  #again = /** @type {number} */ (/** @type {unknown} */ (null));
  #over = new AbortController();

  constructor({ clientX, pointerType, pointerId }, handlers) {
    this.#isTouch = pointerType === "touch";
    this.#startX = this.#x = clientX;
    this.#handlers = handlers;
    if (this.#isTouch) this.#hold = setTimeout(() => this.#take(), HOLD_MS);
    const on = (type, listener) => {
      window.addEventListener(type, (event) => event.pointerId === pointerId && listener(event), this.#over);
    };
    on("pointermove", (event) => this.#moved(event.clientX));
    on("pointerup", () => this.end());
    on("pointercancel", () => this.end());
  }

  /** Whether a finger is on it, whose long press is no wish for the browser's menu. */
  get isUnderFinger() {
    return this.#isTouch && !this.#over.signal.aborted;
  }

  end() {
    this.#over.abort();
    clearTimeout(this.#hold);
    clearInterval(this.#again);
    if (!this.isHeld) return;
    this.isHeld = false;
    this.#handlers.held(false);
    swallowClick();
  }

  #moved(clientX) {
    this.#x = clientX;
    const isMeant = Math.abs(clientX - this.#startX) >= TREMBLES_PX;
    if (this.isHeld) this.#handlers.dragged(clientX);
    else if (isMeant && this.#isTouch) this.end();
    else if (isMeant) this.#take();
  }

  #take() {
    this.isHeld = true;
    this.#handlers.held(true);
    this.#handlers.dragged(this.#x);
    this.#again = setInterval(() => this.#handlers.dragged(this.#x), AGAIN_MS);
  }
}

/** What was dragged is not clicked as well where it is let go: its corner may be the button that closes it. */
function swallowClick() {
  const over = new AbortController();
  const swallow = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener("click", swallow, { capture: true, signal: over.signal });
  setTimeout(() => over.abort());
}
