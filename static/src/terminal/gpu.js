/**
 * Draws shown terminals with WebGL, hidden and unlucky ones with the DOM.
 *
 * A browser keeps about 16 WebGL contexts per page and takes the oldest away, so only what is on the screen holds one.
 */
import { WebglAddon } from "@xterm/addon-webgl";

export class Gpu {
  #term;
  /** @type {WebglAddon | null} */
  #addon = null;
  #isUnlucky = false;

  constructor(term) {
    this.#term = term;
  }

  /** Take a context, where the browser has a fast one to give. */
  lease() {
    if (this.#addon || this.#isUnlucky || !isFast()) return;
    const addon = new WebglAddon();
    addon.onContextLoss(() => this.#lost());
    try {
      this.#term.loadAddon(addon);
      this.#addon = addon;
    } catch (error) {
      // No context left, or a driver that refuses: the DOM draws the same, only slower.
      console.info("The terminal is drawn without WebGL.", error);
      addon.dispose();
      this.#isUnlucky = true;
    }
  }

  /** Give the context back; the DOM draws from here on. */
  release() {
    this.#addon?.dispose();
    this.#addon = null;
  }

  /** A context that was taken once will be taken again. */
  #lost() {
    this.#isUnlucky = true;
    this.release();
  }
}

/** @type {boolean | null} */
let known = null;

// What draws where there is no GPU. Browsers do not always count it as a performance caveat.
const ON_PROCESSOR = /swiftshader|llvmpipe|software|basic render/i;

/** Whether WebGL runs on a real GPU: emulated on the processor it is slower than the DOM. */
function isFast() {
  known ??= probe();
  return known;
}

function probe() {
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!context) return false;
  const facts = context.getExtension("WEBGL_debug_renderer_info");
  const renderer = facts ? context.getParameter(facts.UNMASKED_RENDERER_WEBGL) : "";
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !ON_PROCESSOR.test(renderer);
}
