/**
 * The room below the tabs: panes side by side and the lines between them, which move by mouse and keyboard.
 *
 * Panes are placed, never nested: a terminal that moved inside of the document would lose its scroll position and focus.
 */
import { clampShare } from "../../lib/panes/panes.js";
import { element, setAttribute } from "../dom.js";

// Parts of the whole that an arrow key moves a divider by, alone and with Shift.
const STEP = 0.02;
const LARGE_STEP = 0.1;

export class Panes {
  #resized;
  #left;
  #dividers = new Map();
  #room = element("div", { class: "terminal-panels", role: "tabpanel", id: "terminal-panel" });

  /**
   * `resized(path, share, isMoving)` is called while a divider moves and when it has moved, `left()` when the person
   * is done with it.
   */
  constructor({ resized, left }) {
    this.#resized = resized;
    this.#left = left;
  }

  get node() {
    return this.#room;
  }

  /** Show the panes of `places` ([{node, area}]), hide the other `nodes`, and put `dividers` between them. */
  lay(places, nodes, dividers, labelledBy) {
    setAttribute(this.#room, "aria-labelledby", labelledBy);
    const shown = new Set(places.map(({ node }) => node));
    for (const node of nodes) node.hidden = !shown.has(node);
    for (const { node, area } of places) {
      place(node, area);
      node.classList.toggle("is-split", places.length > 1);
    }
    this.#layDividers(dividers);
  }

  /** Put the focus on the divider at `path`. */
  focusDivider(path) {
    this.#dividers.get(path)?.focus();
  }

  #layDividers(dividers) {
    const paths = new Set(dividers.map(({ path }) => path));
    for (const [path, node] of this.#dividers) {
      if (paths.has(path)) continue;
      node.remove();
      this.#dividers.delete(path);
    }
    for (const divider of dividers) this.#layDivider(divider);
  }

  #layDivider(divider) {
    const { path, split, share, area } = divider;
    if (!this.#dividers.has(path)) this.#dividers.set(path, this.#makeDivider(path));
    const node = this.#dividers.get(path);
    node.divider = divider;
    setAttribute(node, "aria-orientation", split === "right" ? "vertical" : "horizontal");
    setAttribute(node, "aria-valuenow", Math.round(share * 100));
    if (split === "right") place(node, { ...area, x: area.x + area.width * share, width: 0 });
    else place(node, { ...area, y: area.y + area.height * share, height: 0 });
  }

  #makeDivider(path) {
    const node = element("div", {
      class: "terminal-divider",
      role: "separator",
      tabindex: "0",
      "aria-label": "Divider between panes",
      "aria-valuemin": "10",
      "aria-valuemax": "90",
      on: {
        keydown: (event) => this.#keyDown(event, node),
        pointerdown: (event) => this.#pointerDown(event, node),
        dblclick: () => this.#resized(path, 0.5, false),
      },
    });
    this.#room.append(node);
    return node;
  }

  #keyDown(event, { divider }) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const by = event.shiftKey ? LARGE_STEP : STEP;
    const steps = divider.split === "right" ? { ArrowLeft: -by, ArrowRight: by } : { ArrowUp: -by, ArrowDown: by };
    const share = { Home: 0, End: 1 }[event.key] ?? divider.share + (steps[event.key] ?? 0);
    const isDone = event.key === "Escape" || event.key === "Enter";
    if (!isDone && share === divider.share) return;
    event.preventDefault();
    if (isDone) this.#left();
    else this.#resized(divider.path, clampShare(share), false);
  }

  #pointerDown(event, node) {
    if (event.button !== 0) return;
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    const over = new AbortController();
    const move = ({ clientX, clientY }) => this.#resized(node.divider.path, this.#shareAt(node.divider, clientX, clientY), true);
    const end = () => {
      over.abort();
      this.#resized(node.divider.path, node.divider.share, false);
      this.#left();
    };
    node.addEventListener("pointermove", move, over);
    node.addEventListener("lostpointercapture", end, over);
  }

  #shareAt({ split, area }, clientX, clientY) {
    const room = this.#room.getBoundingClientRect();
    const [at, start, length] =
      split === "right"
        ? [(clientX - room.x) / room.width, area.x, area.width]
        : [(clientY - room.y) / room.height, area.y, area.height];
    return clampShare((at - start) / length);
  }
}

function place(node, { x, y, width, height }) {
  node.style.left = `${x * 100}%`;
  node.style.top = `${y * 100}%`;
  node.style.width = `${width * 100}%`;
  node.style.height = `${height * 100}%`;
}
