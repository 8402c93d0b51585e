/**
 * One websocket to one terminal, from the upgrade to the close: says hello, decodes, notices when nothing answers.
 *
 * A link never comes back; `connection.js` makes a new one.
 */

import { Liveness } from "./liveness.js";
import { parseMessage, ping } from "./messages.js";
import { decodeFrame, ProtocolError, SUBPROTOCOL } from "./protocol.js";

// An upgrade without a welcome by now never gets one: the server's own deadline for the engine is 10 s.
const WELCOME_MS = 20_000;
const NORMAL = 1000;
const MALFORMED = 4400;
const LOST = 1006;

export class Link {
  #socket;
  #listener;
  #liveness;
  #cancelWelcome;
  #isClosed = false;

  /** The terminal's incarnation this link speaks to, from the welcome; null before. */
  epoch = null;

  /**
   * `openSocket(url, subprotocol)` returns a WebSocket; `hello()` the first message. `listener` has message(message),
   * frame(frame), both may throw ProtocolError, and closed(code, error), called once, never after `close()`.
   */
  constructor({ url, openSocket, clock, hello, listener }) {
    this.#listener = listener;
    this.#liveness = new Liveness(
      clock,
      (n) => this.send(ping(n)),
      () => this.#end(LOST),
    );
    this.#cancelWelcome = clock.after(WELCOME_MS, () => this.#end(LOST));
    this.#socket = openSocket(url, SUBPROTOCOL);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.send(hello());
    this.#socket.onmessage = (event) => this.#receive(event.data);
    this.#socket.onclose = (event) => this.#end(event.code);
  }

  /** Send text or bytes; what is sent on a closing link is lost, as it would be a moment later. */
  send(data) {
    if (!this.#isClosed && this.#socket.readyState === 1) this.#socket.send(data);
  }

  /** Find out soon whether the other side still answers. */
  probe() {
    this.#liveness.probe();
  }

  /** Close without telling the listener. */
  close(code = NORMAL) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelWelcome();
    this.#liveness.stop();
    // A dead peer would delay the close event for minutes; nobody waits for it here.
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(code);
  }

  #receive(data) {
    try {
      if (typeof data === "string") this.#message(parseMessage(data));
      else this.#frame(decodeFrame(data));
      this.#liveness.heard();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#end(MALFORMED, error);
    }
  }

  #message(message) {
    if (message?.type === "welcome") {
      this.#cancelWelcome();
      this.epoch = message.epoch;
    }
    if (message) this.#listener.message(message);
  }

  #frame(frame) {
    if (this.epoch === null) throw new ProtocolError(`${frame.type} came before the welcome`);
    this.#listener.frame(frame);
  }

  #end(code, /** @type {ProtocolError | null} */ error = null) {
    if (this.#isClosed) return;
    this.close(code === MALFORMED ? MALFORMED : NORMAL);
    this.#listener.closed(code, error);
  }
}
