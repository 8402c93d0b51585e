/** Says what is wrong with the link, when that lasts longer than a moment, and offers what helps. */
import { element, textButton } from "./dom.js";
import { icon } from "./icons.js";

// Shorter troubles pass unseen.
const PATIENCE_MS = 1_000;

const LABELS = { reconnect: "Reconnect now", reload: "Reload", sign_in: "Sign in", close: "Close tab", use_here: "Use here" };

export class Banner {
  #connection;
  #clock;
  #toasts;
  #actions;
  #text = element("span", { class: "terminal-banner-text" });
  #buttons = element("span", { class: "terminal-banner-actions" });
  #bar = element("div", { class: "terminal-banner", hidden: true }, icon("alertTriangle"), this.#text, this.#buttons);
  #shown = null;
  /** @type {number | null} */
  #since = null;
  #cancel = () => {};
  /** The server's own words before it closed the link. */
  #said = null;

  /** `actions` has reconnect, and what a refusal may offer: reload, sign_in, close and use_here. */
  constructor({ connection, clock, toasts, actions }) {
    this.#connection = connection;
    this.#clock = clock;
    this.#toasts = toasts;
    this.#actions = actions;
  }

  get node() {
    return this.#bar;
  }

  /** Remember the server's sentence; it is better than ours when the link is refused afterwards. */
  quote(text) {
    this.#said = text;
  }

  /** The connection changed its state. */
  update() {
    const { state } = this.#connection;
    if (state === "live" || state === "ended" || state === "idle") return this.hide();
    this.#since ??= this.#clock.now();
    const isUrgent = state === "refused" || this.#clock.now() - /** @type {number} */ (this.#since) >= PATIENCE_MS;
    if (isUrgent) this.#show();
    this.#tickIn(isUrgent ? 1_000 : PATIENCE_MS);
  }

  /** The trouble is over, or something else says it. */
  hide() {
    this.#cancel();
    if (this.#shown === "lost") this.#toasts.say("Connected again.");
    this.#since = this.#shown = this.#said = null;
    this.#bar.hidden = true;
  }

  dispose() {
    this.#cancel();
  }

  #tickIn(ms) {
    this.#cancel();
    if (this.#connection.state !== "refused") this.#cancel = this.#clock.after(ms, () => this.update());
  }

  #show() {
    const { state, refusal } = this.#connection;
    this.#text.textContent = refusal ? this.#words(refusal) : this.#sentence(state);
    this.#become(refusal ? "refused" : "lost", refusal);
    this.#bar.hidden = false;
  }

  /** Buttons are made anew only when the trouble is another one: a countdown must not take the focus from them. */
  #become(kind, refusal) {
    if (this.#shown === kind) return;
    this.#shown = kind;
    this.#buttons.replaceChildren(...this.#offers(refusal));
    this.#toasts.say(this.#text.textContent);
  }

  #offers(refusal) {
    const action = refusal ? refusal.action : "reconnect";
    return action ? [textButton(LABELS[action], () => this.#actions[action]())] : [];
  }

  /** The server knows best why it refuses, but not that the other viewer is this person's own tab. */
  #words(refusal) {
    return refusal.reason === "taken_over" ? refusal.text : (this.#said ?? refusal.text);
  }

  #sentence(state) {
    const seconds = Math.max(1, Math.ceil(((this.#connection.retryAt ?? 0) - this.#clock.now()) / 1_000));
    const kept = this.#connection.unconfirmedBytes > 0 ? " What you typed is kept." : "";
    switch (state) {
      case "waiting":
        return `${this.#said ?? "Connection lost."} Trying again in ${seconds} s.${kept}`;
      case "offline":
        return `No network. Trying again in ${seconds} s.${kept}`;
      case "replaying":
        return "Bringing the screen up to date…";
      default:
        return `Connecting…${kept}`;
    }
  }
}
