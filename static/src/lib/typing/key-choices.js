/** What someone chose about keys, kept in the browser: keyboards belong to a desk, not to an account. */

const SINGLE_KEYS = "sandlot.keys.single";
const CTRL_K = "sandlot.keys.ctrl-k";

export class KeyChoices {
  #storage;

  /** `storage` is a page's localStorage. */
  constructor(storage) {
    this.#storage = storage;
  }

  /** Whether keys without Ctrl do something: not for who speaks to the computer or rests a hand on it (WCAG 2.1.4). */
  get areSingleKeysOn() {
    return this.#storage.getItem(SINGLE_KEYS) !== "off";
  }

  set areSingleKeysOn(isOn) {
    this.#storage.setItem(SINGLE_KEYS, isOn ? "on" : "off");
  }

  /** Whether Ctrl+K in a terminal goes straight to the shell, without opening the palette first. */
  get isCtrlKForShell() {
    return this.#storage.getItem(CTRL_K) === "shell";
  }

  set isCtrlKForShell(isForShell) {
    this.#storage.setItem(CTRL_K, isForShell ? "shell" : "palette");
  }
}
