/** Tells the holder what is parsed, often enough to keep its window open and seldom enough to cost nothing. */

// An eighth of the holder's window of 256 KiB.
const STEP_BYTES = 32 * 1024;
// Nobody waits for the last bytes' acknowledgement; one for a burst of echoes is enough.
const IDLE_MS = 100;

export class Acknowledger {
  #clock;
  #send;
  #parsed = 0;
  #acknowledged = 0;
  /** @type {(() => void) | null} */
  #cancel = null;

  /** `send(offset)` puts an ACK on the wire. */
  constructor(clock, send) {
    this.#clock = clock;
    this.#send = send;
  }

  /** A new link, which counts from `offset`. */
  start(offset) {
    this.stop();
    this.#parsed = offset;
    this.#acknowledged = offset;
  }

  /** Everything before `offset` is parsed. */
  parsed(offset) {
    this.#parsed = offset;
    if (Math.abs(offset - this.#acknowledged) >= STEP_BYTES) this.#flush();
    else this.#cancel ??= this.#clock.after(IDLE_MS, () => this.#flush());
  }

  stop() {
    this.#cancel?.();
    this.#cancel = null;
  }

  #flush() {
    this.stop();
    if (this.#parsed === this.#acknowledged) return;
    this.#acknowledged = this.#parsed;
    this.#send(this.#parsed);
  }
}
