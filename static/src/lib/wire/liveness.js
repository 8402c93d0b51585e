/**
 * Finds out that a link is dead although nobody closed it: a laptop that slept, a network that went away.
 *
 * Pings when nothing was heard for a while, and reports silence after that. Browsers slow the timers of hidden pages to
 * one a minute, so this is a courtesy for visible pages; keeping the link open is the server's work.
 */

const QUIET_MS = 15_000;
const ANSWER_MS = 10_000;
// After waking up the person is looking at the screen: find out fast.
const WAKE_ANSWER_MS = 3_000;

export class Liveness {
  #clock;
  #sendPing;
  #onSilence;
  #cancel = () => {};
  #pings = 0;
  #isStopped = false;

  /** `sendPing(n)` sends, `onSilence()` is called once when no answer came. */
  constructor(clock, sendPing, onSilence) {
    this.#clock = clock;
    this.#sendPing = sendPing;
    this.#onSilence = onSilence;
  }

  /** Something arrived: the link is alive. */
  heard() {
    this.#arm(QUIET_MS, () => this.#ask(ANSWER_MS));
  }

  /** Ask at once, with little patience. */
  probe() {
    this.#ask(WAKE_ANSWER_MS);
  }

  /** For good: what arrives afterwards changes nothing. */
  stop() {
    this.#isStopped = true;
    this.#cancel();
  }

  #ask(patience) {
    this.#pings += 1;
    this.#sendPing(this.#pings);
    this.#arm(patience, () => this.#onSilence());
  }

  #arm(ms, then) {
    this.#cancel();
    if (this.#isStopped) return;
    this.#cancel = this.#clock.after(ms, then);
  }
}
