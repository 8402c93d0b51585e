/** The terminals of one page: opens them, shows them in tabs and panes, and does what keys and buttons ask for. */
import { Layout } from "../lib/panes/layout.js";
import { named } from "../lib/typing/shortcuts.js";
import { actionsOf } from "./actions.js";
import { ApiError, TerminalsApi } from "./api.js";
import { ClipboardConsent } from "./clipboard.js";
import { mayEnd } from "./dialogs/closing.js";
import { showHelp } from "./dialogs/dialogs.js";
import { element, iconButton, textButton } from "./dom.js";
import { FullWindow } from "./panes/full-window.js";
import { icon } from "./icons.js";
import { KeyRow } from "./touch/key-row.js";
import { followPage } from "./page-life.js";
import { Pane } from "./panes/pane.js";
import { Panes } from "./panes/panes.js";
import { Preferences } from "./preferences.js";
import { Saver } from "./saver.js";
import { showSettings } from "./dialogs/settings-dialog.js";
import { Tabs } from "./panes/tabs.js";
import { Theme } from "./theme.js";
import { Toasts } from "./toasts.js";

// Below this two panes beside each other are of no use: one is shown.
const NARROW = "(width < 600px)";
const SHOWN_KEY = "sandlot.shown.";

export class Workspace {
  /** What is on the page, by id: {term, connection}. Browser tests read the screen's buffer here, as WebGL paints
   * pixels that no test can read. */
  terminals = new Map();

  #host;
  #mayWrite;
  #api;
  #layout = new Layout();
  #saver;
  /** By id. */
  #panes = new Map();
  #narrow = matchMedia(NARROW);
  #tabs;
  #room = new Panes({
    resized: (path, share, isMoving) => this.#resized(path, share, isMoving),
    left: () => this.#focus(),
  });
  #empty;
  #keyRow = new KeyRow(() => this.#view());
  #toasts = new Toasts(() => this.#focus());
  #consent = new ClipboardConsent(this.#toasts);
  #full = new FullWindow();
  #preferences;
  #theme;

  /**
   * `host` is #terminal-workspace with its data attributes. `kept` has layout (null before the first) and preferences,
   * both as the server kept them.
   */
  constructor(host, kept) {
    const { terminalsUrl, layoutUrl, preferencesUrl, mayWrite, csrf } = host.dataset;
    this.#host = host;
    this.#mayWrite = mayWrite === "true";
    this.#api = new TerminalsApi(terminalsUrl, csrf);
    this.#saver = new Saver(
      (text) => this.#keep(layoutUrl, text),
      (error) => this.#refused(error),
      kept.layout,
    );
    const choices = new Saver(
      (text) => this.#keep(preferencesUrl, text),
      (error) => this.#refused(error),
      kept.preferences,
    );
    this.#preferences = new Preferences(kept.preferences, (values) => choices.save(values));
    this.#theme = new Theme(this.#room.node, this.#preferences);
    this.#tabs = new Tabs(this.#tabHandlers(), this.#mayWrite);
    this.#empty = this.#emptyPanel();
  }

  /** Fill the page. `terminals` are {id, title, state, exit_status}; without any, one is created. */
  connect(terminals, layout) {
    this.#host.replaceChildren(this.#bar(), this.#room.node, this.#keyRow.node);
    this.#room.node.append(this.#empty);
    this.#toasts.connect(this.#host);
    this.#theme.watch(() => this.#restyle());
    this.#preferences.addEventListener("change", () => this.#restyle());
    this.#narrow.addEventListener("change", () => this.#arrange());
    followPage({
      connections: () => this.#views().map(({ connection }) => connection),
      left: () => this.#panes.forEach((pane) => pane.keepClient()),
      restored: () => this.#panes.forEach((pane) => pane.retakeClient()),
    });
    terminals.forEach((terminal) => this.#addPane(terminal));
    this.#layout = Layout.restore(layout, [...this.#panes.keys()]);
    this.#layout.show(sessionStorage.getItem(SHOWN_KEY + location.pathname));
    this.#layout.show(takeLinked());
    window.addEventListener("hashchange", () => this.#followLink());
    this.#arrange();
    if (terminals.length > 0) this.#focus();
    else if (this.#mayWrite) this.create();
  }

  /** Bring terminal `id` to the front, with the focus. */
  show(id) {
    this.#layout.show(id);
    this.#changed();
    this.#focus();
  }

  /** Create a terminal in a tab of its own, or, with a direction, "right" of the active one or below it ("down"). */
  async create(/** @type {string | null} */ direction = null) {
    const beside = this.#layout.active;
    if (direction && !this.#layout.hasRoom) return this.#toasts.show("warning", "This tab has 16 panes. Close one first.");
    await this.#trying(async () => {
      const terminal = await this.#api.create();
      this.#addPane(terminal);
      // The answer takes a moment, in which another pane may have been chosen or the one beside it have gone.
      if (direction && this.#layout.active === beside) this.#layout.split(direction, terminal.id);
      else this.#layout.add(terminal.id);
      this.#changed();
      this.#focus();
    });
  }

  /** End the terminals `ids` and take them from the page, after asking where programs run. */
  async close(ids) {
    const panes = ids.map((id) => this.#panes.get(id));
    if (!this.#mayWrite || !(await mayEnd(panes, this.#api))) return this.#focus();
    await this.#trying(async () => {
      for (const pane of panes) {
        await this.#api.end(pane.id);
        this.#remove(pane);
      }
    });
    this.#focus();
  }

  /** What can be done here now, for the command palette: [{id, label, keys, run}], see actions.js. */
  get actions() {
    return [...actionsOf(this.#runs()), ...(this.#view()?.handovers ?? [])];
  }

  // The page around the terminals.

  #bar() {
    const button = (name, action) => iconButton(icon(name), named(action), () => this.#run(action), { "data-action": action });
    const writing = [button("layoutColumns", "split-right"), button("layoutRows", "split-down")];
    const tools = element(
      "div",
      { class: "terminal-tools", role: "toolbar", "aria-label": "Terminal" },
      ...(this.#mayWrite ? writing : []),
      button("search", "search"),
      button("settings", "settings"),
      button("keyboard", "help"),
      this.#full.button,
    );
    return element("div", { class: "terminal-bar" }, this.#tabs.node, this.#mayWrite ? button("plus", "new") : null, tools);
  }

  #emptyPanel() {
    const text = this.#mayWrite ? "No terminal is open." : "No terminal is open, and you may only look.";
    const create = textButton("New terminal", () => this.create(), "primary");
    return element("div", { class: "terminal-empty" }, element("p", { class: "muted" }, text), this.#mayWrite ? create : null);
  }

  #tabHandlers() {
    const tabOf = (key) => /** @type {any} */ (this.#layout.tabs.find((tab) => tab.key === key));
    return {
      select: (key, { keepsFocus = false } = {}) => {
        this.#layout.show(tabOf(key).active);
        this.#changed();
        if (!keepsFocus) this.#focus();
      },
      close: (key) => this.close(tabOf(key).terminals),
      renamed: (key, title) => this.#rename(tabOf(key).active, title),
      moved: (key, index) => this.#layout.move(key, index) && this.#changed(),
      left: () => this.#focus(),
    };
  }

  #run(action) {
    this.#runs()[action]?.();
  }

  /** What each action does; those that need the right to write are missing without it. */
  #runs() {
    const view = (act) => () => this.#view() && act(this.#view());
    const always = {
      previous: () => this.#step(-1),
      next: () => this.#step(1),
      left: () => this.#go("left"),
      right: () => this.#go("right"),
      up: () => this.#go("up"),
      down: () => this.#go("down"),
      "next-pane": () => this.#layout.following && this.show(this.#layout.following),
      zoom: () => this.#zoom(),
      resize: () => this.#layout.divider !== null && this.#room.focusDivider(this.#layout.divider),
      "move-left": () => this.#move(-1),
      "move-right": () => this.#move(1),
      search: view((shown) => shown.openSearch()),
      copy: view((shown) => shown.copy()),
      paste: view((shown) => shown.pasteFromClipboard()),
      larger: () => this.#resizeText(1),
      smaller: () => this.#resizeText(-1),
      keyboard: view((shown) => shown.takeOrGiveKeyboard()),
      people: view((shown) => shown.showPeople()),
      reconnect: view((shown) => shown.connection.reconnect()),
      full: () => this.#full.toggle(),
      settings: () => showSettings(this.#preferences, () => this.#focus()),
      leave: () => this.#tabs.focus(),
      help: () => showHelp(this.actions),
    };
    const writing = {
      new: () => this.create(),
      "split-right": () => this.create("right"),
      "split-down": () => this.create("down"),
      close: () => this.#layout.active && this.close([this.#layout.active]),
      rename: () => this.#tabs.rename(),
    };
    return this.#mayWrite ? { ...writing, ...always } : always;
  }

  #resizeText(by) {
    this.#preferences.choose("fontSize", this.#preferences.values.fontSize + by);
  }

  #restyle() {
    this.#theme.apply();
    this.#views().forEach((view) => view.restyle());
  }

  /** Run `work`; what the server refuses is shown, and nothing on the page changes. */
  async #trying(work) {
    try {
      await work();
    } catch (error) {
      this.#refused(error);
    }
  }

  #refused(error) {
    if (!(error instanceof ApiError)) throw error;
    this.#toasts.show("error", error.message);
  }

  // Terminals come and go.

  #addPane(terminal) {
    const pane = new Pane(terminal);
    this.#panes.set(pane.id, pane);
    pane.node.addEventListener("focusin", () => this.#focused(pane.id));
    this.#room.node.append(pane.node);
  }

  #contextOf(pane) {
    return {
      wantsToDrive: this.#mayWrite && document.visibilityState === "visible",
      mayWrite: this.#mayWrite,
      theme: this.#theme,
      preferences: this.#preferences,
      toasts: this.#toasts,
      consent: this.#consent,
      keyRow: this.#keyRow,
      run: (action) => this.#run(action),
      titled: (title) => this.#changedPane(pane, { title }),
      ended: () => this.#changedPane(pane, { state: "ended" }),
      create: () => this.create(),
      close: () => this.close([pane.id]),
      zoom: () => this.#zoom(),
      nextPane: () => this.#run("next-pane"),
    };
  }

  #changedPane(pane, facts) {
    pane.change(facts);
    this.#showTabs();
  }

  async #rename(id, title) {
    await this.#trying(async () => {
      await this.#api.rename(id, title);
      this.#changedPane(this.#panes.get(id), { title });
    });
  }

  #remove(pane) {
    this.#panes.delete(pane.id);
    this.terminals.delete(pane.id);
    this.#layout.remove(pane.id);
    pane.dispose();
    this.#changed();
  }

  #focused(id) {
    if (this.#layout.show(id)) this.#changed();
  }

  #step(by) {
    this.#layout.step(by);
    this.#changed();
    this.#focus();
  }

  #go(direction) {
    const id = this.#layout.towards(direction);
    if (id) this.show(id);
  }

  #move(by) {
    const index = this.#layout.tabs.findIndex(({ isShown }) => isShown);
    if (index >= 0 && this.#layout.move(this.#layout.tabs[index].key, index + by)) this.#changed();
  }

  #zoom() {
    this.#layout.zoom();
    this.#changed();
    this.#focus();
  }

  #resized(path, share, isMoving) {
    this.#layout.resize(path, share);
    this.#arrange();
    if (!isMoving) this.#save();
  }

  /** A link to another terminal of this page was followed. */
  #followLink() {
    const id = takeLinked();
    if (this.#panes.has(id)) this.show(id);
  }

  // What is seen.

  #changed() {
    this.#arrange();
    this.#save();
  }

  #arrange() {
    const isNarrow = this.#narrow.matches;
    const places = this.#layout.places(isNarrow).map(({ terminal, area }) => ({ pane: this.#panes.get(terminal), area }));
    const nodes = [...this.#panes.values()].map(({ node }) => node);
    this.#showTabs();
    this.#room.lay(
      places.map(({ pane, area }) => ({ node: pane.node, area })),
      nodes,
      this.#layout.dividers(isNarrow),
      this.#shownTabId(),
    );
    const shown = new Set(places.map(({ pane }) => pane));
    for (const pane of this.#panes.values()) if (!shown.has(pane)) pane.hide();
    for (const pane of shown) this.#open(pane);
    this.#empty.hidden = shown.size > 0;
  }

  #open(pane) {
    pane.show((shown) => this.#contextOf(shown));
    this.terminals.set(pane.id, { term: pane.view.term, connection: pane.view.connection });
  }

  #showTabs() {
    const { active, tabs } = this.#layout;
    this.#host.dataset.shown = active ?? "";
    for (const pane of this.#panes.values()) pane.node.classList.toggle("is-active", pane.id === active);
    this.#tabs.show(tabs.map((tab) => this.#describe(tab)));
    for (const { terminals } of tabs) terminals.forEach((id, index) => this.#panes.get(id).placed(index + 1, terminals.length));
    const many = tabs.some(({ isShown, terminals }) => isShown && terminals.length > 1);
    this.#room.node.classList.toggle("has-panes", many);
    this.#room.node.classList.toggle(
      "is-zoomed",
      tabs.some(({ isShown, isZoomed }) => isShown && isZoomed),
    );
  }

  #describe({ key, terminals, active, isShown }) {
    const { title } = this.#panes.get(active);
    const isEnded = terminals.every((id) => this.#panes.get(id).state === "ended");
    return { key, title, panes: terminals.length, isEnded, isShown };
  }

  #shownTabId() {
    const shown = this.#layout.tabs.find(({ isShown }) => isShown);
    return shown ? `tab-${shown.key}` : null;
  }

  #focus() {
    const view = this.#view();
    if (view) view.focus();
    else this.#empty.querySelector("button")?.focus();
  }

  #view() {
    return this.#panes.get(this.#layout.active)?.view ?? null;
  }

  #views() {
    return [...this.#panes.values()].flatMap(({ view }) => view ?? []);
  }

  // What the next page should know.

  #save() {
    sessionStorage.setItem(SHOWN_KEY + location.pathname, this.#layout.active ?? "");
    this.#saver.save(this.#layout);
  }

  /** Without an address nothing is kept: the terminals are someone else's. */
  async #keep(url, text) {
    if (url) await this.#api.keep(url, text);
  }
}

const LINK = /^#terminal-([0-9a-f-]{36})$/;

/** Return the terminal that the page's address asks for, once: the same link may be followed again. Null without any. */
function takeLinked() {
  const id = LINK.exec(location.hash)?.[1] ?? null;
  if (id) history.replaceState(history.state, "", location.pathname + location.search);
  return id;
}
