/**
 * The page's ear: news of sandboxes over /ws/events/. Knows no DOM; sockets and waiting come from outside.
 *
 * `openSocket()` returns a WebSocket; `after(ms, f)` waits and returns a function that calls it off.
 */
import { Backoff } from "./backoff.js";

// Signed out, or not allowed: asking again changes nothing.
const FINAL = new Set([4400, 4401, 4403]);

export class Events {
  #openSocket;
  #after;
  #on;
  #backoff;
  /** @type {WebSocket | null} */
  #socket = null;
  #cancelWait = () => {};
  #isOver = false;

  /**
   * `on.change(slug)`: something about this sandbox changed. `on.up(isFirst)`: listening; what happened before is unknown.
   * `on.rights()`: what the person may see or do has changed. `on.down()`: not listening at the moment.
   */
  constructor(openSocket, after, on, random = Math.random) {
    this.#openSocket = openSocket;
    this.#after = after;
    this.#on = on;
    this.#backoff = new Backoff(random);
  }

  connect(isFirst = true) {
    const socket = this.#openSocket();
    this.#socket = socket;
    socket.onopen = () => this.#opened(isFirst);
    socket.onmessage = ({ data }) => this.#heard(data);
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** Try at once: the network is back, or someone looks at the page again. */
  hurry() {
    if (this.#socket !== null || this.#isOver) return;
    this.#cancelWait();
    this.connect(false);
  }

  dispose() {
    this.#isOver = true;
    this.#cancelWait();
    this.#socket?.close();
  }

  #opened(isFirst) {
    this.#backoff.reset();
    this.#on.up(isFirst);
  }

  #heard(data) {
    const message = JSON.parse(data);
    if (message.type === "sandbox") this.#on.change(message.slug);
    else if (message.type === "rights") this.#on.rights();
  }

  #closed(code) {
    this.#socket = null;
    if (this.#isOver) return;
    this.#isOver = FINAL.has(code);
    this.#on.down();
    if (!this.#isOver) this.#cancelWait = this.#after(this.#backoff.next(), () => this.connect(false));
  }
}
