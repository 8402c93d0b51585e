/** What a person chose in this browser: size of the text, support for screen readers. */

const SMALLEST_PX = 9;
const LARGEST_PX = 28;
const USUAL_PX = 14;
const KEY = "sandlot.terminal.";

export class Preferences extends EventTarget {
  /** Size of the text in CSS pixels. */
  get fontSize() {
    return Number(read("font-size")) || USUAL_PX;
  }

  set fontSize(px) {
    this.#write("font-size", Math.min(LARGEST_PX, Math.max(SMALLEST_PX, px)));
  }

  /** Whether output is also kept as text that a screen reader can walk through. Costs speed, so off until chosen. */
  get screenReader() {
    return read("screen-reader") === "true";
  }

  set screenReader(wanted) {
    this.#write("screen-reader", wanted);
  }

  #write(name, value) {
    try {
      localStorage.setItem(KEY + name, String(value));
    } catch {
      // Storage is full or forbidden: the choice holds for as long as `memory` does.
    }
    memory.set(name, String(value));
    this.dispatchEvent(new Event("change"));
  }
}

const memory = new Map();

function read(name) {
  if (memory.has(name)) return memory.get(name);
  try {
    return localStorage.getItem(KEY + name);
  } catch {
    // Storage is forbidden: the usual values hold.
    return null;
  }
}
