/**
 * Searches the output of one terminal, upwards from its newest line as what one looks for has mostly just gone by:
 * older and newer, case, whole words, regular expressions, and how many there are.
 */
import { SearchAddon } from "@xterm/addon-search";

import { element, iconButton, setAttribute } from "./dom.js";
import { icon } from "./icons.js";

// More are found, but not all marked: marking costs a decoration each.
const MOST_MARKED = 1_000;

export class SearchBar {
  #addon = new SearchAddon({ highlightLimit: MOST_MARKED });
  #theme;
  #scrollbar;
  #onClose;
  #field = element("input", {
    class: "input terminal-search-field",
    type: "search",
    placeholder: "Search",
    "aria-label": "Search in the output",
    autocomplete: "off",
    spellcheck: "false",
    on: { input: () => this.#find(true), keydown: (event) => this.#keyDown(event) },
  });
  #count = element("output", { class: "terminal-search-count muted small", "aria-live": "polite" });
  #case = this.#toggle("letterCase", "Match case");
  #word = this.#toggle("abc", "Whole word");
  #regex = this.#toggle("regex", "Regular expression");
  #bar = element(
    "div",
    { class: "terminal-search", role: "search", hidden: true },
    this.#field,
    this.#count,
    this.#case,
    this.#word,
    this.#regex,
    iconButton(icon("arrowUp"), "Older match (Enter)", () => this.#find(false)),
    iconButton(icon("arrowDown"), "Newer match (Shift+Enter)", () => this.#newer()),
    iconButton(icon("x"), "Close search (Escape)", () => this.close()),
  );

  /** `theme` gives the colours of matches; `scrollbar` shows where one is; `onClose` returns the focus. */
  constructor(term, theme, scrollbar, onClose) {
    this.#theme = theme;
    this.#scrollbar = scrollbar;
    this.#onClose = onClose;
    term.loadAddon(this.#addon);
    this.#addon.onDidChangeResults(({ resultIndex, resultCount }) => this.#counted(resultIndex, resultCount));
  }

  get node() {
    return this.#bar;
  }

  open() {
    this.#bar.hidden = false;
    this.#field.focus();
    this.#field.select();
    this.#find(true);
  }

  close() {
    this.#bar.hidden = true;
    this.#addon.clearDecorations();
    this.#onClose();
  }

  #toggle(name, label) {
    const button = iconButton(icon(name), label, () => {
      setAttribute(button, "aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      this.#find(true);
    });
    button.setAttribute("aria-pressed", "false");
    return button;
  }

  #keyDown(event) {
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.shiftKey) this.#newer();
    else if (event.key === "Enter") this.#find(false);
    else return;
    event.preventDefault();
  }

  #newer() {
    if (!this.#isValid()) return;
    this.#scrollbar.follow();
    this.#addon.findNext(this.#field.value, this.#options(false));
  }

  /** Go to the next older match; `incremental` stays at the one it is at while it still fits. */
  #find(incremental) {
    if (this.#field.value === "") return this.#clear();
    if (!this.#isValid()) return this.#refuse();
    this.#scrollbar.follow();
    this.#addon.findPrevious(this.#field.value, this.#options(incremental));
  }

  /** What was found before is not what this would find. */
  #refuse() {
    this.#addon.clearDecorations();
    this.#count.value = "Not valid";
  }

  #clear() {
    this.#addon.clearDecorations();
    this.#count.value = "";
  }

  #isValid() {
    const isValid = !this.#isOn(this.#regex) || isExpression(this.#field.value);
    setAttribute(this.#field, "aria-invalid", isValid ? null : "true");
    return isValid && this.#field.value !== "";
  }

  #options(incremental) {
    return {
      incremental,
      caseSensitive: this.#isOn(this.#case),
      wholeWord: this.#isOn(this.#word),
      regex: this.#isOn(this.#regex),
      decorations: this.#theme.matches,
    };
  }

  #isOn(button) {
    return button.getAttribute("aria-pressed") === "true";
  }

  #counted(index, count) {
    if (count === 0) this.#count.value = this.#field.value === "" ? "" : "No matches";
    else if (count >= MOST_MARKED) this.#count.value = `${MOST_MARKED}+ matches`;
    else this.#count.value = `${index + 1} of ${count}`;
  }
}

function isExpression(source) {
  try {
    new RegExp(source);
    return true;
  } catch {
    // Half typed, most of the time.
    return false;
  }
}
