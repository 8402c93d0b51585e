/**
 * Keeps rows and states up to date: told by the events socket, or by looking every 10 s while that is away.
 *
 * Everything that changes on a page goes through here, also after a button: the server answers 204 with the event
 * "sandbox-changed", so a change by oneself and one by someone else take the same way.
 */
import { Events } from "../lib/wire/events.js";

const POLL_MS = 10_000;
// A step log sends several pieces of news at once; one look answers them.
const GATHER_MS = 60;
// A state that leads to the next one by itself, likely while the page is still loading.
const ON_THE_WAY = ".state:is(.creating, .starting, .stopping, .deleting)";

/** Start where the page has something to keep up to date. */
export function enableLiveUpdates(document, htmx) {
  if (!document.body.dataset.events) return;
  const view = new LiveView(document, htmx);
  document.addEventListener("submit", ({ target }) => view.sent(target));
  document.body.addEventListener("sandbox-changed", ({ detail }) => view.changed(detail.slug));
  document.body.addEventListener("htmx:beforeSwap", (event) => removeWhatIsGone(event, view));
  if (view.isLive) listen(document, view);
}

function listen(document, view) {
  const { protocol, host } = window.location;
  const address = `${protocol === "https:" ? "wss" : "ws"}://${host}${document.body.dataset.events}`;
  const poll = new Poll(() => view.refresh());
  const events = new Events(() => new WebSocket(address), after, {
    change: (slug) => view.changed(slug),
    // A role that was taken takes its buttons along, a team its pages: the server draws what is left.
    rights: () => window.location.reload(),
    up: (isFirst) => {
      poll.stop();
      view.showAway(false);
      if (isFirst) view.catchUp();
      else view.refresh();
    },
    down: () => {
      poll.start();
      view.showAway(true);
    },
  });
  events.connect();
  window.addEventListener("online", () => events.hurry());
  document.addEventListener("visibilitychange", () => document.hidden || events.hurry());
}

/** What of a page is live: rows of the list, or the state of one sandbox. */
class LiveView {
  #document;
  #htmx;
  #stale = new Set();
  #drawing = new Set();
  isLeaving = false;

  constructor(document, htmx) {
    this.#document = document;
    this.#htmx = htmx;
  }

  get isLive() {
    return Boolean(this.#list || this.#status);
  }

  /** A form whose answer is another page is on its way: whoever deletes is not sent off before that answer comes. */
  sent(form) {
    this.isLeaving = form.method === "post" && !form.hasAttribute("hx-post");
  }

  /** Something about this sandbox changed: draw it again soon, one answer at a time. */
  changed(slug) {
    this.#stale.add(slug);
    if (this.#drawing.has(slug)) return;
    this.#drawing.add(slug);
    after(GATHER_MS, () => this.#drawUntilFresh(slug));
  }

  /** Draw everything again: what happened meanwhile is unknown. */
  refresh() {
    if (this.#status) this.#drawStatus();
    if (this.#list) this.#drawList();
  }

  /** The socket has just begun to listen: draw again what was about to change when the page was made. */
  catchUp() {
    if (this.#status) this.#drawStatus();
    this.#list?.querySelectorAll(ON_THE_WAY).forEach((state) => this.#drawRow(state.closest("[data-live-row]")));
  }

  showAway(isAway) {
    const notice = this.#document.getElementById("live-away");
    if (notice) notice.hidden = !isAway;
  }

  get #list() {
    return this.#document.querySelector("[data-live-list]");
  }

  get #status() {
    return this.#document.querySelector("[data-live-status]");
  }

  async #drawUntilFresh(slug) {
    this.#stale.delete(slug);
    await this.#draw(slug);
    this.#drawing.delete(slug);
    if (this.#stale.has(slug)) this.changed(slug);
  }

  #draw(slug) {
    if (this.#status?.dataset.sandbox === slug) return this.#drawStatus();
    if (!this.#list) return undefined;
    const row = this.#document.getElementById(`sandbox-${slug}`);
    return row ? this.#drawRow(row) : this.#drawList();
  }

  #drawRow(row) {
    return this.#get(row.dataset.liveRow, { target: row, swap: "outerHTML" });
  }

  #drawStatus() {
    const status = this.#status;
    const parts = [...this.#document.querySelectorAll("[data-live-part]")].map((part) => this.#drawPart(part));
    return Promise.all([this.#get(status.dataset.liveStatus, { target: status, swap: "outerHTML" }), ...parts]);
  }

  /** A part of a sandbox's page that is fetched with the page itself. */
  #drawPart(part) {
    return this.#get(part.dataset.livePart, { target: part, swap: "outerHTML", select: `#${part.id}` });
  }

  #drawList() {
    const list = this.#list;
    return this.#get(list.dataset.liveList, { target: list, swap: "outerHTML", select: `#${list.id}` });
  }

  #get(address, how) {
    // Failures show in the away notice and are mended by the next look.
    return this.#htmx.ajax("GET", address, { source: how.target, ...how }).catch(() => {});
  }
}

/** A row or a page whose sandbox is gone says so with 404. */
function removeWhatIsGone(event, view) {
  const { xhr, target } = event.detail;
  if (xhr.status !== 404) return;
  if (target.matches("[data-live-row]")) {
    const isLast = target.parentElement.children.length === 1;
    Object.assign(event.detail, { shouldSwap: !isLast, isError: false, swapOverride: "delete" });
    if (isLast) view.refresh(); // without rows the list says how to begin
  } else if (target.matches("[data-live-status]") && !view.isLeaving) {
    window.location.assign("/");
  }
}

class Poll {
  #look;
  #timer = 0;

  constructor(look) {
    this.#look = look;
  }

  start() {
    if (!this.#timer) this.#timer = window.setInterval(this.#look, POLL_MS);
  }

  stop() {
    window.clearInterval(this.#timer);
    this.#timer = 0;
  }
}

function after(ms, then) {
  const timer = window.setTimeout(then, ms);
  return () => window.clearTimeout(timer);
}
