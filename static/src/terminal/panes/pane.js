/** One terminal's place on the page. Its view is made when it is seen for the first time. */
import { keepClientId, takeClientId } from "../../lib/wire/client-id.js";
import { element } from "../dom.js";
import { View } from "../view.js";

export class Pane {
  id;
  title;
  /** "running" or "ended". */
  state;
  exitStatus;
  /**
   * Null until it was seen.
   * @type {View | null}
   */
  view = null;
  node;

  #client = null;
  #isShown = false;
  #place = [1, 1];

  /** `terminal` is {id, title, state, exit_status}. */
  constructor({ id, title, state, exit_status: exitStatus = null }) {
    Object.assign(this, { id, title, state, exitStatus });
    this.node = element("section", { class: "terminal-pane", id: `pane-${id}`, "aria-label": title, hidden: true });
  }

  /** Change title or state. */
  change(facts) {
    Object.assign(this, facts);
    this.node.setAttribute("aria-label", this.title);
    this.view?.named(this.title);
  }

  /** It is number `place` of the `count` panes of its tab. */
  placed(place, count) {
    this.#place = [place, count];
    this.view?.placed(place, count);
  }

  /** It is on the screen now, at its size. `contextOf(pane)` gives a new view what it needs: see view.js. */
  show(contextOf) {
    if (this.#isShown) return;
    this.#isShown = true;
    if (!this.view) this.#open(contextOf);
    /** @type {View} */ (this.view).show();
  }

  hide() {
    if (!this.#isShown) return;
    this.#isShown = false;
    /** @type {View} */ (this.view).hide();
  }

  dispose() {
    this.view?.dispose();
    this.node.remove();
  }

  /** Keep the viewer's id for the page that follows in this browser tab. */
  keepClient() {
    if (this.#client) keepClientId(sessionStorage, this.id, this.#client);
  }

  /** The browser brought the page back as it was: a duplicated tab must not find the id. */
  retakeClient() {
    if (this.#client) takeClientId(sessionStorage, this.id, randomBytes);
  }

  #open(contextOf) {
    this.#client = takeClientId(sessionStorage, this.id, randomBytes);
    this.view = new View(this.id, { ...contextOf(this), client: this.#client, exitStatus: this.exitStatus });
    this.node.append(this.view.node);
    this.view.named(this.title);
    this.view.placed(...this.#place);
    this.view.connect();
  }
}

function randomBytes(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}
