/**
 * How the terminals of a page stand on it: tabs in an order, each with a tree of panes, one of which has the focus.
 * Knows terminals by their ids only, and nothing of a screen.
 */

import {
  dividersOf,
  keeping,
  neighbourOf,
  PANES_PER_TAB,
  placesOf,
  resizedAt,
  splitAround,
  splitAt,
  terminalsOf,
} from "./panes.js";

export class Layout {
  /** [{key, root, active, isZoomed}]; `key` names a tab for as long as the page lives. */
  #tabs = [];
  #shown = 0;
  #lastKey = 0;

  /**
   * Return the layout that the server kept (`data` as in sessions/workspace/layout.py, or null) for the terminals `known`,
   * a list of ids: what is gone is left out, what the layout does not know follows in tabs of its own.
   */
  static restore(data, known) {
    const layout = new Layout();
    for (const { root, active, zoomed } of data?.tabs ?? []) layout.#restore(root, active, zoomed, new Set(known));
    const placed = new Set(layout.terminals);
    for (const id of known) if (!placed.has(id)) layout.#append({ terminal: id }, id);
    layout.#shown = Math.max(0, Math.min(data?.shown ?? 0, layout.#tabs.length - 1));
    return layout;
  }

  /** [{key, terminals, active, isZoomed, isShown}] in their order. */
  get tabs() {
    return this.#tabs.map(({ key, root, active, isZoomed }, index) => {
      return { key, terminals: terminalsOf(root), active, isZoomed, isShown: index === this.#shown };
    });
  }

  /** All ids in the order of tabs and panes. */
  get terminals() {
    return this.#tabs.flatMap(({ root }) => terminalsOf(root));
  }

  /** The terminal with the focus; null without any. */
  get active() {
    return this.#tab?.active ?? null;
  }

  /** Where the panes of the shown tab stand: [{terminal, area}]. `isNarrow`: there is room for one of them only. */
  places(isNarrow = false) {
    if (!this.#tab) return [];
    const { root, active, isZoomed } = this.#tab;
    return placesOf(isZoomed || isNarrow ? { terminal: active } : root);
  }

  /** The lines between them: [{path, split, share, area}]. */
  dividers(isNarrow = false) {
    return this.#tab && !this.#tab.isZoomed && !isNarrow ? dividersOf(this.#tab.root) : [];
  }

  /** Whether one more pane fits into the shown tab. */
  get hasRoom() {
    return this.#tab !== undefined && terminalsOf(this.#tab.root).length < PANES_PER_TAB;
  }

  /** Put terminal `id` into a new tab at the end, and show it. */
  add(id) {
    this.#append({ terminal: id }, id);
    this.#shown = this.#tabs.length - 1;
  }

  /** Put terminal `id` beside the active one ("right") or below it ("down"); it gets the focus. */
  split(direction, id) {
    this.#change({ root: splitAt(this.#tab.root, this.#tab.active, direction, id), active: id, isZoomed: false });
  }

  /** Give terminal `id` the focus, and with it show its tab. Returns whether anything changed. */
  show(id) {
    const index = this.#indexOf(id);
    if (index < 0 || (index === this.#shown && this.active === id)) return false;
    this.#shown = index;
    if (this.active !== id) this.#change({ active: id, isZoomed: false });
    return true;
  }

  /** Show the tab that is `by` places further, round the end. */
  step(by) {
    if (this.#tabs.length > 0) this.#shown = (this.#shown + by + this.#tabs.length) % this.#tabs.length;
  }

  /** Take terminal `id` away: a neighbour in its tab gets the focus, else the next tab is shown. */
  remove(id) {
    const index = this.#indexOf(id);
    if (index < 0) return;
    const { root, active, isZoomed } = this.#tabs[index];
    const next = active === id ? besides(root, id) : active;
    const left = keeping(root, (other) => other !== id);
    if (left) this.#tabs[index] = { ...this.#tabs[index], root: left, active: next, isZoomed: isZoomed && active !== id };
    else this.#removeTab(index);
  }

  /** Move the tab `key` to a place counted from 0. Returns whether it moved. */
  move(key, to) {
    const from = this.#tabs.findIndex((tab) => tab.key === key);
    const target = Math.max(0, Math.min(to, this.#tabs.length - 1));
    if (from < 0 || from === target) return false;
    const shown = this.#tab;
    this.#tabs.splice(target, 0, ...this.#tabs.splice(from, 1));
    this.#shown = this.#tabs.indexOf(shown);
    return true;
  }

  /** Let the active pane fill the tab, or stand among the others again. */
  zoom() {
    if (this.#tab && terminalsOf(this.#tab.root).length > 1) this.#change({ isZoomed: !this.#tab.isZoomed });
  }

  /** Move the divider at `path` of the shown tab. */
  resize(path, share) {
    this.#change({ root: resizedAt(this.#tab.root, path, share) });
  }

  /** The id of the pane next to the active one: "left", "right", "up", "down"; null when there is none. */
  towards(direction) {
    return this.#tab ? neighbourOf(this.#tab.root, this.#tab.active, direction) : null;
  }

  /** The id of the pane after the active one, round the end; itself when it is alone. */
  get following() {
    if (!this.#tab) return null;
    const ids = terminalsOf(this.#tab.root);
    return ids[(ids.indexOf(this.#tab.active) + 1) % ids.length];
  }

  /** The path of the divider next to the active pane; null when it is alone. */
  get divider() {
    return this.#tab ? splitAround(this.#tab.root, this.#tab.active) : null;
  }

  /** What the server keeps. */
  toJSON() {
    const tabs = this.#tabs.map(({ root, active, isZoomed }) => ({ root, active, zoomed: isZoomed }));
    return { tabs, shown: this.#shown };
  }

  get #tab() {
    return this.#tabs[this.#shown];
  }

  #restore(root, active, zoomed, known) {
    const kept = keeping(root, (id) => known.has(id));
    if (!kept) return;
    const isActiveLeft = terminalsOf(kept).includes(active);
    this.#append(kept, isActiveLeft ? active : terminalsOf(kept)[0], isActiveLeft && zoomed);
  }

  #append(root, active, isZoomed = false) {
    this.#lastKey += 1;
    this.#tabs.push({ key: `t${this.#lastKey}`, root, active, isZoomed });
  }

  #change(change) {
    this.#tabs[this.#shown] = { ...this.#tab, ...change };
  }

  #indexOf(id) {
    return this.#tabs.findIndex(({ root }) => terminalsOf(root).includes(id));
  }

  #removeTab(index) {
    this.#tabs.splice(index, 1);
    if (index < this.#shown || this.#shown === this.#tabs.length) this.#shown = Math.max(0, this.#shown - 1);
  }
}

/** Return the terminal next to `id` in the order of panes; null when it is alone. */
function besides(root, id) {
  const ids = terminalsOf(root);
  const index = ids.indexOf(id);
  return ids[index + 1] ?? ids[index - 1] ?? null;
}
