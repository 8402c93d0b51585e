/** The strip of tabs, after the ARIA pattern for tabs, with renaming in place and moving by mouse, finger and keyboard. */
import { makeDraggable } from "./dragging.js";
import { element, setAttribute } from "../dom.js";
import { icon } from "../icons.js";

// Half of a finger from the end of the strip it scrolls, 400 px a second: see dragging.js for how often.
const EDGE_PX = 24;
const SCROLLS_PX = 8;

export class Tabs {
  #handlers;
  #mayWrite;
  /** By key: {tab, field}; `field` stands in the tab's place while it is renamed. */
  #tabs = new Map();
  #shown = null;
  /** How many panes the shown tab had: their number makes it wider. */
  #panes = 0;
  #strip = element("div", { class: "terminal-tabs", role: "tablist", "aria-label": "Terminals" });

  /**
   * `handlers` has select(key, {keepsFocus}), close(key), renamed(key, title), moved(key, index) and left(): the focus
   * goes back to the terminal. Without `mayWrite` tabs are neither closed nor renamed.
   */
  constructor(handlers, mayWrite) {
    this.#handlers = handlers;
    this.#mayWrite = mayWrite;
  }

  get node() {
    return this.#strip;
  }

  /** Show `tabs`, [{key, title, panes, isEnded, isShown}], in this order. */
  show(tabs) {
    const keys = new Set(tabs.map(({ key }) => key));
    for (const key of this.#tabs.keys()) if (!keys.has(key)) this.#remove(key);
    tabs.forEach((tab, index) => this.#place(this.#update(tab), index));
    const shown = tabs.find(({ isShown }) => isShown) ?? null;
    const [key, panes] = [shown?.key ?? null, shown?.panes ?? 0];
    const isGrown = key !== this.#shown || panes !== this.#panes;
    if (isGrown && key !== null) this.#scrollTo(key);
    [this.#shown, this.#panes] = [key, panes];
  }

  /** Put the focus on the shown tab. */
  focus() {
    this.#tabs.get(this.#shown)?.tab.focus();
  }

  /** Turn the title of tab `key` into a field. */
  rename(key = this.#shown) {
    const entry = this.#tabs.get(key);
    if (!entry || entry.field || !this.#mayWrite) return;
    const title = entry.tab.querySelector(".terminal-tab-title").textContent;
    entry.field = element("input", {
      class: "terminal-tab-field",
      "aria-label": "Name of the terminal",
      value: title,
    });
    const finish = once((isKept) => this.#renamed(key, title, isKept));
    entry.field.addEventListener("keydown", (event) => finishOnKey(event, finish));
    entry.field.addEventListener("blur", () => finish(true));
    entry.tab.replaceWith(entry.field);
    entry.field.select();
    entry.field.focus();
  }

  #renamed(key, title, isKept) {
    const { tab, field } = this.#tabs.get(key);
    const named = field.value.trim();
    field.replaceWith(tab);
    this.#tabs.set(key, { tab, field: null });
    tab.focus();
    if (isKept && named !== "" && named !== title) this.#handlers.renamed(key, named);
  }

  #update({ key, title, panes, isEnded, isShown }) {
    if (!this.#tabs.has(key)) this.#tabs.set(key, { tab: this.#make(key), field: null });
    const { tab, field } = this.#tabs.get(key);
    tab.querySelector(".terminal-tab-title").textContent = title;
    const count = tab.querySelector(".terminal-tab-panes");
    count.textContent = panes;
    count.hidden = panes === 1;
    tab.classList.toggle("is-ended", isEnded);
    setAttribute(tab, "aria-description", [isEnded ? "ended" : "", panes > 1 ? `${panes} panes` : ""].join(" ").trim() || null);
    setAttribute(tab, "title", title);
    setAttribute(tab, "aria-selected", String(isShown));
    setAttribute(tab, "tabindex", isShown ? "0" : "-1");
    return field ?? tab;
  }

  /** Moving an element takes the focus from it. */
  #place(node, index) {
    const there = this.#strip.children[index];
    if (there === node) return;
    const { activeElement } = document;
    const focused = activeElement instanceof HTMLElement && this.#strip.contains(activeElement) ? activeElement : null;
    this.#strip.insertBefore(node, there ?? null);
    if (focused && focused !== document.activeElement) focused.focus();
  }

  #remove(key) {
    const { tab, field } = this.#tabs.get(key);
    this.#tabs.delete(key);
    (field ?? tab).remove();
  }

  #scrollTo(key) {
    const { tab, field } = this.#tabs.get(key);
    (field ?? tab).scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #make(key) {
    const close = element("span", { class: "terminal-tab-close", "aria-hidden": "true", title: "Close" }, icon("x"));
    const tab = element(
      "button",
      { type: "button", class: "terminal-tab", role: "tab", id: `tab-${key}`, "aria-controls": "terminal-panel" },
      icon("terminal"),
      element("span", { class: "terminal-tab-title" }),
      element("span", { class: "terminal-tab-panes", "aria-hidden": "true" }),
      this.#mayWrite ? close : null,
    );
    tab.addEventListener("click", ({ target }) => {
      const isOnCross = target instanceof Node && close.contains(target);
      if (isOnCross) this.#handlers.close(key);
      else this.#handlers.select(key);
    });
    tab.addEventListener("auxclick", (event) => event.button === 1 && this.#mayWrite && this.#handlers.close(key));
    tab.addEventListener("dblclick", () => this.rename(key));
    tab.addEventListener("keydown", (event) => this.#keyDown(event, key));
    makeDraggable(tab, {
      held: (isHeld) => tab.classList.toggle("is-dragged", isHeld),
      dragged: (clientX) => this.#dragTo(key, clientX),
    });
    return tab;
  }

  #keyDown(event, key) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const act = {
      ArrowLeft: () => this.#step(key, -1),
      ArrowRight: () => this.#step(key, 1),
      Home: () => this.#go(0),
      End: () => this.#go(this.#tabs.size - 1),
      Delete: () => this.#mayWrite && this.#handlers.close(key),
      F2: () => this.rename(key),
      Escape: () => this.#handlers.left(),
    }[event.key];
    const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey;
    if (!act || !isPlain) return;
    event.preventDefault();
    if (event.shiftKey && by) this.#handlers.moved(key, this.#indexOf(key) + by);
    else act();
  }

  #step(key, by) {
    this.#go((this.#indexOf(key) + by + this.#tabs.size) % this.#tabs.size);
  }

  #go(index) {
    this.#handlers.select(this.#order()[index], { keepsFocus: true });
    this.focus();
  }

  /** The tab goes behind those whose middle the pointer has passed. At either end the strip scrolls below it. */
  #dragTo(key, clientX) {
    if (!this.#tabs.has(key)) return;
    const { left, right } = this.#strip.getBoundingClientRect();
    if (clientX < left + EDGE_PX) this.#strip.scrollLeft -= SCROLLS_PX;
    else if (clientX > right - EDGE_PX) this.#strip.scrollLeft += SCROLLS_PX;
    const others = this.#order().filter((other) => other !== key);
    const index = others.filter((other) => middleOf(this.#tabs.get(other).tab) < clientX).length;
    if (index !== this.#indexOf(key)) this.#handlers.moved(key, index);
  }

  #order() {
    const keyOf = new Map([...this.#tabs].map(([key, { tab, field }]) => [field ?? tab, key]));
    return [...this.#strip.children].map((node) => keyOf.get(node));
  }

  #indexOf(key) {
    return this.#order().indexOf(key);
  }
}

function middleOf(tab) {
  const { x, width } = tab.getBoundingClientRect();
  return x + width / 2;
}

function finishOnKey(event, finish) {
  if (event.key !== "Enter" && event.key !== "Escape") return;
  // The tab gets the focus while the key is down, and would take it as a click.
  event.preventDefault();
  finish(event.key === "Enter");
}

/** Taking the field away blurs it, which would finish a second time. */
function once(act) {
  let isDone = false;
  return (...given) => {
    if (isDone) return;
    isDone = true;
    act(...given);
  };
}
