/**
 * Websockets to a FakeHolder over wires that take time and can be cut: what is on the way then is lost, in both
 * directions, as on a real network.
 */
export class FakeNetwork {
  sockets = [];
  /** Close code with which the next upgrades end instead of reaching the holder; null: they reach it. */
  refuseWith = null;
  #holder;
  #clock;
  #delay;

  /** `delay()` returns the milliseconds that one message travels. */
  constructor(holder, clock, delay = () => 1) {
    this.#holder = holder;
    this.#clock = clock;
    this.#delay = delay;
  }

  /** What `lib/wire/connection.js` calls to open a websocket. */
  openSocket = (url, subprotocol) => {
    const socket = new FakeSocket(this.#holder, this.#clock, this.#delay, { url, subprotocol });
    this.sockets.push(socket);
    socket.start(this.refuseWith);
    return socket;
  };

  /** The newest socket. */
  get last() {
    return this.sockets.at(-1);
  }

  /** Cut every open wire. */
  cut(code = 1006) {
    for (const socket of this.sockets) socket.cut(code);
  }
}

class FakeSocket {
  readyState = 0;
  onopen = null;
  onmessage = null;
  onclose = null;
  link = null;
  sent = [];
  closedWith = null;
  isStalled = false;

  #holder;
  #clock;
  #delay;
  #arrival = { up: 0, down: 0 };
  #isCut = false;

  constructor(holder, clock, delay, { url, subprotocol }) {
    this.#holder = holder;
    this.#clock = clock;
    this.#delay = delay;
    this.url = url;
    this.subprotocol = subprotocol;
  }

  start(refuseWith) {
    this.#travel("down", () => {
      this.readyState = 1;
      this.onopen?.();
      if (refuseWith !== null) this.#travel("down", () => this.cut(refuseWith));
    });
  }

  /** The browser sends. */
  send(data) {
    const copy = typeof data === "string" ? data : data.slice();
    this.sent.push(copy);
    this.#travel("up", () => this.#holder.receive(this, copy));
  }

  /** The server sends. */
  deliver(data) {
    const copy = typeof data === "string" ? data : data.slice().buffer;
    this.#travel("down", () => this.onmessage?.({ data: copy }));
  }

  /** The browser closes. */
  close(code) {
    this.closedWith = code;
    this.#end();
  }

  /** The wire breaks, or the server closes with `code`. */
  cut(code = 1006) {
    if (this.#isCut) return;
    const { onclose } = this;
    this.#end();
    onclose?.({ code });
  }

  /** Nothing arrives any more, and nobody says so. */
  stall() {
    this.isStalled = true;
  }

  #end() {
    if (this.#isCut) return;
    this.#isCut = true;
    this.readyState = 3;
    this.#holder.left(this);
  }

  /** One message after the other, each way, never overtaking. */
  #travel(way, arrive) {
    const at = Math.max(this.#arrival[way], this.#clock.now() + this.#delay());
    this.#arrival[way] = at;
    this.#clock.after(at - this.#clock.now(), () => !this.#isCut && !this.isStalled && arrive());
  }
}
