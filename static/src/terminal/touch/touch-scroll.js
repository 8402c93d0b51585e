/**
 * Scrolling by finger. xterm.js 6.0 scrolls by wheel alone, so that on a phone nothing that went by could be seen again;
 * full-screen programs get the wheel that they would get from a mouse.
 */

// A finger that taps trembles.
const TREMBLES_PX = 8;
// What a frame of 16 ms leaves of the speed once the finger is gone: about a second until it stands.
const GLIDE = 0.95;
const FRAME_MS = 16;
const SLOWEST_PX_PER_MS = 0.03;
// Who holds still before letting go does not mean to throw.
const STILL_MS = 60;

export class TouchScroll {
  #term;
  #scrollbar;
  #mount = /** @type {HTMLElement} */ (/** @type {unknown} */ (null));
  #pointer = null;
  #isScrolling = false;
  #y = 0;
  #movedAt = 0;
  /** Of the content, downwards. */
  #pxPerMs = 0;
  /** Less than a line, not scrolled yet. */
  #leftPx = 0;
  #frame = 0;

  constructor(term, scrollbar) {
    this.#term = term;
    this.#scrollbar = scrollbar;
  }

  /** Listen on `mount`, where xterm.js is; terminal.css keeps the browser from scrolling there. */
  connect(mount) {
    this.#mount = mount;
    mount.addEventListener("pointerdown", (event) => this.#down(event));
    mount.addEventListener("pointermove", (event) => event.pointerId === this.#pointer && this.#move(event));
    mount.addEventListener("pointerup", (event) => event.pointerId === this.#pointer && this.#up(event));
    mount.addEventListener("pointercancel", () => (this.#pointer = null));
  }

  #down({ pointerType, isPrimary, pointerId, clientY, timeStamp }) {
    cancelAnimationFrame(this.#frame);
    // A second finger zooms.
    this.#pointer = pointerType === "touch" && isPrimary ? pointerId : null;
    this.#isScrolling = false;
    [this.#y, this.#movedAt, this.#pxPerMs, this.#leftPx] = [clientY, timeStamp, 0, 0];
  }

  #move({ clientX, clientY, timeStamp }) {
    const px = clientY - this.#y;
    if (!this.#isScrolling && Math.abs(px) < TREMBLES_PX) return;
    this.#isScrolling = true;
    this.#pxPerMs = px / Math.max(1, timeStamp - this.#movedAt);
    [this.#y, this.#movedAt] = [clientY, timeStamp];
    this.#scroll(px, { clientX, clientY });
  }

  #up({ clientX, clientY, timeStamp }) {
    this.#pointer = null;
    const isThrown = this.#isScrolling && timeStamp - this.#movedAt < STILL_MS;
    if (isThrown && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.#glide({ clientX, clientY }, timeStamp);
  }

  #glide(at, before) {
    this.#frame = requestAnimationFrame((now) => {
      const ms = Math.max(0, now - before);
      this.#pxPerMs *= GLIDE ** (ms / FRAME_MS);
      this.#scroll(this.#pxPerMs * ms, at);
      if (Math.abs(this.#pxPerMs) > SLOWEST_PX_PER_MS) this.#glide(at, now);
    });
  }

  /** Move the content down by `px`: first what is larger than its place, then the lines that went by. */
  #scroll(px, at) {
    const { scrollTop } = this.#mount;
    this.#mount.scrollTop -= px;
    if (this.#mount.scrollTop !== scrollTop) return;
    const linePx = /** @type {HTMLElement} */ (this.#mount.querySelector(".xterm-screen")).clientHeight / this.#term.rows;
    this.#leftPx += px;
    const lines = Math.trunc(this.#leftPx / linePx);
    this.#leftPx -= lines * linePx;
    if (lines !== 0) this.#scrollLines(-lines, at);
  }

  #scrollLines(lines, at) {
    const { buffer, modes } = this.#term;
    if (buffer.active.type === "normal" && modes.mouseTrackingMode === "none") {
      this.#scrollbar.follow();
      return this.#term.scrollLines(lines);
    }
    const turn = { ...at, deltaY: Math.sign(lines), deltaMode: WheelEvent.DOM_DELTA_LINE, bubbles: true, cancelable: true };
    const screen = /** @type {HTMLElement} */ (this.#mount.querySelector(".xterm-screen"));
    for (let line = 0; line < Math.abs(lines); line += 1) screen.dispatchEvent(new WheelEvent("wheel", turn));
  }
}
