/** Who is here: everybody who looks at one terminal, who types, and a button that hands the keyboard to one of them. */
import { calledIn, heirsOf, initialsOf, partOf } from "../../lib/words/people.js";
import { openDialog } from "./dialogs.js";
import { element, setAttribute, textButton } from "../dom.js";

export class PeopleDialog {
  #connection;
  #handlers;
  #list = element("ul", { class: "terminal-people-list" });
  /** By link. */
  #rows = new Map();
  #take;
  #give;
  /** @type {HTMLDialogElement | null} */
  #dialog = null;

  /** `handlers` has hand({link, label}), take(), give() and closed(). */
  constructor(connection, handlers) {
    this.#connection = connection;
    this.#handlers = handlers;
    this.#take = textButton("Take over", () => this.#closeAnd(handlers.take));
    this.#give = textButton("Let others type", () => this.#closeAnd(handlers.give));
  }

  open() {
    const close = textButton("Close", () => /** @type {HTMLDialogElement} */ (this.#dialog).close(), "primary");
    this.#dialog = openDialog(
      "Who is here",
      this.#list,
      element("div", { class: "terminal-dialog-actions" }, this.#take, this.#give, close),
    );
    /** @type {HTMLDialogElement} */ (this.#dialog).addEventListener("close", () => {
      this.#dialog = null;
      this.#handlers.closed();
    });
    this.update();
    close.focus();
  }

  /** People came, left or type. Rows that stay are not touched, and so keep the focus. */
  update() {
    if (!this.#dialog) return;
    const { viewers, mayDrive, isDriving } = this.#connection;
    const links = new Set(viewers.map(({ link }) => link));
    for (const [link, { row }] of this.#rows) if (!links.has(link)) this.#remove(link, row);
    const heirs = new Map(heirsOf(viewers).map((heir) => [heir.link, heir]));
    for (const viewer of viewers) this.#show(viewer, heirs.get(viewer.link) ?? null);
    this.#take.hidden = !mayDrive || isDriving;
    this.#give.hidden = heirs.size === 0;
  }

  #remove(link, row) {
    this.#rows.delete(link);
    row.remove();
  }

  #show(viewer, heir) {
    if (!this.#rows.has(viewer.link)) this.#rows.set(viewer.link, this.#makeRow(viewer));
    const { face, called, part, hand } = this.#rows.get(viewer.link);
    face.classList.toggle("is-typing", viewer.isDriver);
    called.textContent = calledIn(this.#connection.viewers, viewer);
    part.textContent = partOf(viewer);
    setAttribute(hand, "aria-label", heir?.label ?? null);
    hand.hidden = heir === null;
    hand.onclick = () => this.#closeAnd(() => this.#handlers.hand(heir));
  }

  #makeRow({ name }) {
    const face = element("span", { class: "terminal-face", "aria-hidden": "true" }, initialsOf(name));
    const [called, part] = [element("strong"), element("span", { class: "muted small" })];
    const hand = element("button", { type: "button", class: "button" }, "Hand keyboard");
    const row = element("li", {}, face, element("span", { class: "terminal-person" }, called, part), hand);
    this.#list.append(row);
    return { row, face, called, part, hand };
  }

  #closeAnd(act) {
    /** @type {HTMLDialogElement} */ (this.#dialog).close();
    act();
  }
}
