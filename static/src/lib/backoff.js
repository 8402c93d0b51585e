/** Waiting times between attempts: exponential with full jitter, so that many pages do not come back at once. */

const FIRST_MS = 250;
const LONGEST_MS = 10_000;

export class Backoff {
  #attempt = 0;
  #random;

  /** `random` returns a number in [0, 1). */
  constructor(random) {
    this.#random = random;
  }

  /** Return the milliseconds to wait before the next attempt: `atLeast` plus 0 .. min(10 s, 0.25 s * 2^attempt). */
  next(atLeast = 0) {
    const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    return atLeast + this.#random() * ceiling;
  }

  /** Start again at the shortest wait: the last attempt went well. */
  reset() {
    this.#attempt = 0;
  }
}
