/** Short news in the corner, also spoken. News with a choice stays until someone chooses. */
import { element, iconButton, textButton } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 6_000;
const MOST_SHOWN = 4;

export class Toasts {
  #list = element("div", { class: "toasts terminal-toasts" });
  #spoken = element("div", { class: "visually-hidden", role: "status" });
  #left;

  /** `left` is called when a person has answered or dismissed news: the focus would be lost with its button. */
  constructor(left) {
    this.#left = left;
  }

  connect(host) {
    host.append(this.#list, this.#spoken);
  }

  /** Show `text`; `level` is info, warning or error. `actions` are [label, callback] pairs. */
  show(level, text, actions = []) {
    if (this.#isShown(text)) return;
    const toast = element("div", { class: `toast ${level}` });
    const close = () => toast.remove();
    const leave = () => {
      close();
      this.#left();
    };
    toast.append(
      icon(level === "info" ? "infoCircle" : "alertTriangle"),
      element("div", { class: "terminal-toast-text" }, text, actions.length > 0 ? choices(actions, leave) : null),
      iconButton(icon("x"), "Dismiss", leave),
    );
    this.#list.append(toast);
    this.say(text);
    while (this.#list.childElementCount > MOST_SHOWN) /** @type {Element} */ (this.#list.firstElementChild).remove();
    if (actions.length === 0) onceSeen(() => setTimeout(close, SHOWN_MS));
  }

  #isShown(text) {
    return [...this.#list.querySelectorAll(".terminal-toast-text")].some((shown) => shown.textContent === text);
  }

  /** Only for screen readers. */
  say(text) {
    this.#spoken.textContent = text;
  }
}

/** Call `act` now, or when someone looks at the page again: news from behind a hidden tab would be gone by then. */
function onceSeen(act) {
  if (document.visibilityState === "visible") act();
  else document.addEventListener("visibilitychange", act, { once: true });
}

function choices(actions, leave) {
  const buttons = actions.map(([label, act]) =>
    textButton(label, () => {
      leave();
      act();
    }),
  );
  return element("div", { class: "terminal-toast-actions" }, ...buttons);
}
