/** What this person chose for their terminals: shown at once, kept on the server, and followed by their other tabs. */
import { allowed, PREFERENCES, withUsual } from "../lib/looks/preferences.js";

export class Preferences extends EventTarget {
  /** All of them by name, as in lib/looks/preferences.js. Replaced at each change. */
  values;

  #keep;
  #tabs = new BroadcastChannel("sandlot.preferences");

  /** `chosen` comes with the page; `keep(values)` sends what differs from the usual to the server. */
  constructor(chosen, keep) {
    super();
    this.values = withUsual(chosen);
    this.#keep = keep;
    this.#tabs.addEventListener("message", ({ data }) => this.#become(withUsual(data)));
  }

  /** Choose `value` for `name`; one that is out of range becomes the nearest, or the usual one. */
  choose(name, value) {
    const chosen = allowed(name, value);
    if (chosen === this.values[name]) return;
    this.#become({ ...this.values, [name]: chosen });
    this.#share();
  }

  /** Forget every choice. */
  reset() {
    this.#become(withUsual({}));
    this.#share();
  }

  #become(values) {
    this.values = values;
    this.dispatchEvent(new Event("change"));
  }

  #share() {
    const unusual = Object.entries(this.values).filter(([name, value]) => value !== PREFERENCES[name].usual);
    this.#keep(Object.fromEntries(unusual));
    this.#tabs.postMessage(this.values);
  }
}
