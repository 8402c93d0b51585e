/** The terminals of one sandbox as tabs: opens, shows, renames and closes them. */
import { keepClientId, takeClientId } from "../lib/client-id.js";
import { TerminalsApi } from "./api.js";
import { ClipboardConsent, copySelection } from "./clipboard.js";
import { browserClock } from "./clock.js";
import { ask, showHelp } from "./dialogs.js";
import { element, iconButton, textButton } from "./dom.js";
import { icon } from "./icons.js";
import { KeyRow } from "./key-row.js";
import { Preferences } from "./preferences.js";
import { Tabs } from "./tabs.js";
import { Theme } from "./theme.js";
import { Toasts } from "./toasts.js";
import { View } from "./view.js";

// Looking at another tab for a moment is not leaving.
const HIDDEN_AFTER_MS = 10_000;
const SHOWN_KEY = "sandlot.shown.";

export class Workspace {
  /** What is on the page, by id: {term, connection}. Browser tests read the screen's buffer here, as WebGL paints
   * pixels that no test can read. */
  terminals = new Map();

  #host;
  #slug;
  #mayWrite;
  #api;
  /** By id, in the order of the tabs: {id, title, state, exitStatus, view, panel, client}. */
  #entries = new Map();
  #shown = null;
  #cancelHidden = () => {};
  #tabs = new Tabs({
    select: (id, options) => this.show(id, options),
    close: (id) => this.close(id),
    renamed: (id, title) => this.#rename(id, title),
    left: () => this.#view()?.focus(),
  });
  #panels = element("div", { class: "terminal-panels" });
  #empty;
  #keyRow = new KeyRow(() => this.#view());
  #toasts = new Toasts(() => this.#view()?.focus());
  #consent = new ClipboardConsent(this.#toasts);
  #preferences = new Preferences();
  #theme = new Theme(this.#panels);

  /** `host` is #terminal-workspace with its data attributes. */
  constructor(host) {
    const { sandbox, terminalsUrl, mayWrite, csrf } = host.dataset;
    this.#host = host;
    this.#slug = sandbox;
    this.#mayWrite = mayWrite === "true";
    this.#api = new TerminalsApi(terminalsUrl, csrf);
    this.#empty = this.#emptyPanel();
  }

  /** Fill the page. `terminals` are {id, title, state, exit_status}; without any, one is created. */
  connect(terminals) {
    this.#host.replaceChildren(this.#bar(), this.#panels, this.#keyRow.node);
    this.#panels.append(this.#empty);
    this.#toasts.connect(this.#host);
    this.#theme.watch(() => this.#restyle());
    this.#preferences.addEventListener("change", () => this.#restyle());
    this.#listen();
    terminals.forEach((terminal) => this.#add(terminal));
    if (this.#entries.size > 0) this.show(this.#remembered());
    else if (this.#mayWrite) this.#createFirst();
  }

  /** Bring terminal `id` to the front; it connects when it is shown for the first time. */
  show(id, { keepsFocus = false } = {}) {
    const entry = this.#entries.get(id);
    if (!entry) return;
    if (this.#shown !== id) this.#hide(this.#shown);
    this.#shown = id;
    this.#empty.hidden = true;
    entry.panel.hidden = false;
    this.#tabs.select(id);
    this.#remember(id);
    if (!entry.view) this.#open(entry);
    entry.view.show();
    if (!keepsFocus) entry.view.focus();
  }

  /** Create a terminal and show it. */
  async create() {
    await this.#trying(async () => {
      const terminal = await this.#api.create();
      this.#add(terminal);
      this.show(terminal.id);
    });
  }

  /** Close tab `id`; a running terminal is ended, after asking. */
  async close(id) {
    const entry = this.#entries.get(id);
    if (!entry) return;
    if (entry.state === "running" && this.#mayWrite && !(await this.#isSure(entry))) return;
    await this.#trying(async () => {
      if (this.#mayWrite) await this.#api.end(id);
      this.#remove(entry);
    });
  }

  // The page around the terminals.

  async #createFirst() {
    this.#empty.hidden = true;
    await this.create();
    this.#empty.hidden = this.#entries.size > 0;
  }

  #bar() {
    const button = (name, label, action) => iconButton(icon(name), label, () => this.#run(action));
    const add = iconButton(icon("plus"), "New terminal (Ctrl+Shift+Enter)", () => this.create());
    const tools = element(
      "div",
      { class: "terminal-tools", role: "toolbar", "aria-label": "Terminal" },
      button("search", "Search (Ctrl+Shift+F)", "search"),
      button("textDecrease", "Smaller text (Ctrl+Shift+,)", "smaller"),
      button("textIncrease", "Larger text (Ctrl+Shift+.)", "larger"),
      button("keyboard", "Keys (Ctrl+Shift+/)", "help"),
    );
    return element("div", { class: "terminal-bar" }, this.#tabs.node, this.#mayWrite ? add : null, tools);
  }

  #emptyPanel() {
    const text = this.#mayWrite ? "No terminal is open." : "No terminal is open, and you may only look.";
    const create = textButton("New terminal", () => this.create(), "primary");
    return element("div", { class: "terminal-empty" }, element("p", { class: "muted" }, text), this.#mayWrite ? create : null);
  }

  #listen() {
    const wake = () => this.#views().forEach((view) => view.connection.wake());
    window.addEventListener("focus", wake);
    window.addEventListener("online", wake);
    document.addEventListener("visibilitychange", () => this.#seenOrNot(wake));
    window.addEventListener("pagehide", () => this.#keepClients());
    window.addEventListener("pageshow", (event) => event.persisted && this.#resumeClients(wake));
  }

  #seenOrNot(wake) {
    this.#cancelHidden();
    const yieldAll = () => this.#views().forEach((view) => view.connection.yieldKeyboard());
    if (document.visibilityState === "hidden") {
      this.#cancelHidden = browserClock.after(HIDDEN_AFTER_MS, yieldAll);
    } else {
      this.#views().forEach((view) => view.connection.reclaimKeyboard());
      wake();
    }
  }

  #run(action) {
    const act = {
      new: () => this.#mayWrite && this.create(),
      previous: () => this.#step(-1),
      next: () => this.#step(1),
      search: () => this.#view()?.openSearch(),
      copy: () => this.#copy(),
      larger: () => (this.#preferences.fontSize += 1),
      smaller: () => (this.#preferences.fontSize -= 1),
      leave: () => this.#tabs.focus(this.#shown),
      help: () => showHelp(this.#preferences),
    }[action];
    act?.();
  }

  async #copy() {
    const view = this.#view();
    if (view && (await copySelection(view.term))) this.#toasts.say("Copied.");
  }

  #restyle() {
    this.#views().forEach((view) => view.restyle());
  }

  /** Run `work`; what the server refuses is shown, and nothing on the page changes. */
  async #trying(work) {
    try {
      await work();
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      this.#toasts.show("error", error.message);
    }
  }

  // Terminals come and go.

  #add({ id, title, state, exit_status: exitStatus = null }) {
    const panel = element("section", {
      class: "terminal-panel",
      role: "tabpanel",
      id: `panel-${id}`,
      "aria-labelledby": `tab-${id}`,
      hidden: true,
    });
    const entry = { id, title, state, exitStatus, panel, view: null };
    this.#entries.set(id, entry);
    this.#panels.append(panel);
    this.#tabs.show(entry);
  }

  #open(entry) {
    entry.client = takeClientId(sessionStorage, entry.id, randomBytes);
    entry.view = new View(entry.id, this.#contextOf(entry));
    entry.panel.append(entry.view.node);
    this.terminals.set(entry.id, { term: entry.view.term, connection: entry.view.connection });
    entry.view.connect();
  }

  #contextOf(entry) {
    return {
      client: entry.client,
      wantsToDrive: this.#mayWrite && document.visibilityState === "visible",
      exitStatus: entry.exitStatus,
      theme: this.#theme,
      preferences: this.#preferences,
      toasts: this.#toasts,
      consent: this.#consent,
      withCtrl: (data) => this.#keyRow.withCtrl(data),
      run: (action) => this.#run(action),
      titled: (title) => this.#changed(entry, { title }),
      ended: () => this.#changed(entry, { state: "ended" }),
      create: () => this.create(),
      close: () => this.close(entry.id),
    };
  }

  #changed(entry, change) {
    Object.assign(entry, change);
    this.#tabs.show(entry);
  }

  async #rename(id, title) {
    const entry = this.#entries.get(id);
    await this.#trying(async () => {
      await this.#api.rename(id, title);
      this.#changed(entry, { title });
    });
  }

  #isSure({ title }) {
    return ask({
      title: `End ${title}?`,
      text: "Its shell and everything that runs in it will be stopped. To only leave, close the page: the terminal goes on.",
      yes: "End terminal",
      kind: "danger",
    });
  }

  #remove(entry) {
    const neighbour = this.#neighbourOf(entry.id);
    entry.view?.dispose();
    entry.panel.remove();
    this.#tabs.remove(entry.id);
    this.#entries.delete(entry.id);
    this.terminals.delete(entry.id);
    if (this.#shown !== entry.id) return;
    this.#shown = null;
    this.#empty.hidden = neighbour !== null;
    if (neighbour !== null) this.show(neighbour);
    else this.#empty.querySelector("button")?.focus();
  }

  #hide(id) {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.panel.hidden = true;
    entry.view?.hide();
  }

  #step(by) {
    const ids = [...this.#entries.keys()];
    const index = ids.indexOf(this.#shown);
    if (index >= 0) this.show(ids[(index + by + ids.length) % ids.length]);
  }

  #neighbourOf(id) {
    const ids = [...this.#entries.keys()];
    const index = ids.indexOf(id);
    return ids[index + 1] ?? ids[index - 1] ?? null;
  }

  #view() {
    return this.#entries.get(this.#shown)?.view ?? null;
  }

  #views() {
    return [...this.#entries.values()].flatMap(({ view }) => view ?? []);
  }

  // What the next page in this tab should know.

  #remember(id) {
    sessionStorage.setItem(SHOWN_KEY + this.#slug, id);
  }

  #remembered() {
    const id = sessionStorage.getItem(SHOWN_KEY + this.#slug);
    return this.#entries.has(id) ? id : this.#entries.keys().next().value;
  }

  #keepClients() {
    for (const { id, client } of this.#entries.values()) if (client) keepClientId(sessionStorage, id, client);
  }

  /** The browser brought the page back as it was: it is in use again, so a duplicated tab must not find its ids. */
  #resumeClients(wake) {
    for (const { id, client } of this.#entries.values()) if (client) takeClientId(sessionStorage, id, randomBytes);
    wake();
  }
}

function randomBytes(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}
