/** The command palette: a field and a list, after the ARIA pattern for a combobox with a listbox. */
import { offeredActions } from "../lib/words/actions.js";
import { commandsOf, found } from "../lib/words/commands.js";
import { element, setAttribute } from "../terminal/dom.js";
import { perform } from "./perform.js";

// Opened twice in a row it need not ask twice.
const FRESH_MS = 5000;
const PAGE_OF_OPTIONS = 8;
const SVG = "http://www.w3.org/2000/svg";

export class Palette {
  #dialog;
  #page;
  #field;
  #list;
  #status;
  /** What the server answered. @type {any} */
  #data = null;
  #askedAt = -FRESH_MS;
  /** The commands shown, in the order of their options. */
  #shown = [];
  #chosen = 0;

  constructor(dialog, page) {
    this.#dialog = dialog;
    this.#page = page;
    this.#field = dialog.querySelector("[role=combobox]");
    this.#list = dialog.querySelector("[role=listbox]");
    this.#status = dialog.querySelector("[role=status]");
    this.#field.addEventListener("input", () => this.#draw());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    // Where the pointer only lies it chooses nothing: the list may move below it.
    this.#list.addEventListener("pointermove", ({ target }) => this.#choose(indexOf(target), { isScrolled: false }));
    // A click keeps the focus in the field.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  /** Show what is known, then what the server says. */
  async open() {
    this.#sayBelow();
    if (performance.now() - this.#askedAt < FRESH_MS) return this.#draw();
    if (this.#data) this.#draw();
    this.#list.setAttribute("aria-busy", "true");
    const isThere = await this.#ask();
    this.#list.removeAttribute("aria-busy");
    this.#draw();
    if (!isThere) this.#say("The server does not answer: only what this page can do is listed.", { isSeen: true });
  }

  async #ask() {
    try {
      const answer = await fetch(this.#dialog.dataset.items, { headers: { Accept: "application/json" } });
      if (!answer.ok) return false;
      this.#data = await answer.json();
      this.#askedAt = performance.now();
      return true;
    } catch {
      return false;
    }
  }

  /** In front of a terminal the same key means something else a second time. */
  #sayBelow() {
    const isTerminalBelow = Boolean(document.querySelector("#terminal-workspace .xterm"));
    this.#dialog.toggleAttribute("data-terminal-below", isTerminalBelow);
  }

  #draw() {
    const typed = this.#field.value;
    const hits = found(commandsOf(this.#data, this.#whatIsHere()), typed);
    this.#shown = hits.map(({ command }) => command);
    const options = hits.map((hit, index) => this.#option(hit, index, { isAlone: typed.trim() !== "" }));
    this.#list.replaceChildren(...(typed.trim() ? options : groups(hits, options)));
    this.#list.hidden = hits.length === 0;
    this.#field.setAttribute("aria-expanded", String(hits.length > 0));
    if (hits.length === 0) this.#say("Nothing found.", { isSeen: true });
    else this.#say(typed.trim() ? `${hits.length} found.` : "", { isSeen: false });
    this.#choose(0);
    this.#list.scrollTop = 0;
  }

  /** Readers hear it; what is not obvious from the list is seen as well. */
  #say(text, { isSeen }) {
    this.#status.textContent = text;
    this.#status.classList.toggle("visually-hidden", !isSeen);
  }

  #whatIsHere() {
    const tabs = [...document.querySelectorAll(".tabs a:not([aria-current])")];
    const links = tabs.map((tab) => ({ title: tab.textContent.trim(), href: tab.getAttribute("href") }));
    const actions = offeredActions(document);
    return { address: location.pathname, links, actions, help: () => this.#page.help() };
  }

  /** One that stands alone, not under the name of its group, says it where it has no note. */
  #option({ command, marks }, index, { isAlone }) {
    const { title, note, keys, group, icon } = command;
    return element(
      "div",
      { class: "palette-option", role: "option", id: `palette-option-${index}`, "data-index": String(index) },
      this.#icon(icon),
      element("span", { class: "palette-title" }, ...marked(title, marks)),
      element("span", { class: "palette-note" }, note || (isAlone ? group : "")),
      keys ? element("kbd", { class: "key" }, keys) : null,
    );
  }

  #icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    setAttribute(svg, "class", "icon");
    setAttribute(svg, "aria-hidden", "true");
    const use = svg.appendChild(document.createElementNS(SVG, "use"));
    setAttribute(use, "href", `${this.#dialog.dataset.icons}#${name}`);
    return svg;
  }

  #choose(index, { isScrolled = true } = {}) {
    if (index < 0) return;
    this.#chosen = index;
    const option = this.#list.querySelector(`[data-index="${index}"]`);
    for (const other of this.#list.querySelectorAll("[role=option]")) {
      setAttribute(other, "aria-selected", String(other === option));
    }
    setAttribute(this.#field, "aria-activedescendant", option?.id ?? null);
    if (isScrolled) option?.scrollIntoView({ block: "nearest" });
  }

  #pressed(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE_OF_OPTIONS, PageUp: -PAGE_OF_OPTIONS };
    if (event.isComposing) return;
    if (event.key === "Enter") this.#run(this.#chosen, event);
    else if (event.key in steps && this.#shown.length > 0) this.#step(steps[event.key]);
    else return;
    event.preventDefault();
  }

  /** One step goes round, a page stops at the end. */
  #step(by) {
    const count = this.#shown.length;
    const to = this.#chosen + by;
    this.#choose(Math.abs(by) === 1 ? (to + count) % count : Math.max(0, Math.min(count - 1, to)));
  }

  #clicked(event) {
    const index = indexOf(event.target);
    if (index >= 0) this.#run(index, event);
  }

  #run(index, { ctrlKey, metaKey }) {
    const command = this.#shown[index];
    if (!command) return;
    this.#dialog.close(); // first: what runs may move the focus on from where it was
    this.#askedAt = -FRESH_MS; // what it does may change what there is
    perform(command, { csrf: this.#data?.csrf, isNewTab: ctrlKey || metaKey });
  }
}

function indexOf(node) {
  return Number(node.closest("[data-index]")?.dataset.index ?? -1);
}

/** Options under the names of their groups. */
function groups(hits, options) {
  const made = new Map();
  hits.forEach(({ command: { group } }, index) => {
    if (!made.has(group)) made.set(group, element("div", { role: "group", "aria-label": group }, heading(group)));
    made.get(group).append(options[index]);
  });
  return [...made.values()];
}

function heading(group) {
  return element("div", { class: "palette-group", "aria-hidden": "true" }, group);
}

/** The title as nodes, with what matched marked. */
function marked(title, marks) {
  const nodes = [];
  let end = 0;
  for (const [from, to] of marks) {
    nodes.push(title.slice(end, from), element("mark", {}, title.slice(from, to)));
    end = to;
  }
  return [...nodes, title.slice(end)];
}
