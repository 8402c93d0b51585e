/** The strip of tabs: one per terminal, after the ARIA pattern for tabs, with renaming in place. */
import { element, setAttribute } from "./dom.js";
import { icon } from "./icons.js";

const TITLE_MAX_LENGTH = 60;

export class Tabs {
  #handlers;
  #tabs = new Map();
  #strip = element("div", { class: "terminal-tabs", role: "tablist", "aria-label": "Terminals" });

  /** `handlers` has select(id), close(id), renamed(id, title) and left(): the focus goes back to the terminal. */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  get node() {
    return this.#strip;
  }

  /** Show `entry` ({id, title, state}), new or changed. */
  show({ id, title, state }) {
    const tab = this.#tabs.get(id) ?? this.#add(id);
    tab.querySelector(".terminal-tab-title").textContent = title;
    tab.classList.toggle("is-ended", state === "ended");
    setAttribute(tab, "aria-description", state === "ended" ? "ended" : null);
    setAttribute(tab, "title", title);
  }

  remove(id) {
    this.#tabs.get(id)?.remove();
    this.#tabs.delete(id);
  }

  select(id) {
    for (const [other, tab] of this.#tabs) {
      setAttribute(tab, "aria-selected", String(other === id));
      setAttribute(tab, "tabindex", other === id ? "0" : "-1");
    }
    this.#tabs.get(id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  focus(id) {
    this.#tabs.get(id)?.focus();
  }

  /** Turn the title of tab `id` into a field. */
  rename(id) {
    const tab = this.#tabs.get(id);
    const title = tab.querySelector(".terminal-tab-title");
    const field = element("input", {
      class: "terminal-tab-field",
      "aria-label": "Name of the terminal",
      maxlength: TITLE_MAX_LENGTH,
      value: title.textContent,
    });
    const finish = once((isKept) => {
      field.replaceWith(tab);
      tab.focus();
      const named = field.value.trim();
      if (isKept && named !== "" && named !== title.textContent) this.#handlers.renamed(id, named);
    });
    field.addEventListener("keydown", (event) => finishOnKey(event, finish));
    field.addEventListener("blur", () => finish(true));
    tab.replaceWith(field);
    field.select();
    field.focus();
  }

  #add(id) {
    const close = element("span", { class: "terminal-tab-close", "aria-hidden": "true", title: "Close" }, icon("x"));
    const tab = element(
      "button",
      { type: "button", class: "terminal-tab", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}` },
      icon("terminal"),
      element("span", { class: "terminal-tab-title" }),
      close,
    );
    tab.addEventListener("click", (event) =>
      close.contains(event.target) ? this.#handlers.close(id) : this.#handlers.select(id),
    );
    tab.addEventListener("auxclick", (event) => event.button === 1 && this.#handlers.close(id));
    tab.addEventListener("dblclick", () => this.rename(id));
    tab.addEventListener("keydown", (event) => this.#keyDown(event, id));
    this.#tabs.set(id, tab);
    this.#strip.append(tab);
    return tab;
  }

  #keyDown(event, id) {
    const act = {
      ArrowLeft: () => this.#step(id, -1),
      ArrowRight: () => this.#step(id, 1),
      Home: () => this.#go(0),
      End: () => this.#go(this.#tabs.size - 1),
      Delete: () => this.#handlers.close(id),
      F2: () => this.rename(id),
      Escape: () => this.#handlers.left(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #step(id, by) {
    const index = [...this.#tabs.keys()].indexOf(id);
    this.#go((index + by + this.#tabs.size) % this.#tabs.size);
  }

  #go(index) {
    const id = [...this.#tabs.keys()][index];
    this.#handlers.select(id, { keepsFocus: true });
    this.focus(id);
  }
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
