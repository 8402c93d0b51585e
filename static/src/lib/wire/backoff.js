/** Waiting times between attempts: exponential with full jitter, so that many pages do not come back at once. */

const FIRST_MS = 250;
// A server that restarts is back within a minute, and a terminal should follow within 2 s, upgrade included.
const SHORT_MS = 1_500;
const SHORT_ATTEMPTS = 60;
// What is away for longer is not waited for by the second.
const LONGEST_MS = 10_000;

export class Backoff {
  #attempt = 0;
  #random;

  /** `random` returns a number in [0, 1). */
  constructor(random) {
    this.#random = random;
  }

  /** Return the milliseconds to wait before the next attempt: `atLeast`, plus 0 up to a ceiling of 0.25 s to 10 s. */
  next(atLeast = 0) {
    const ceiling = ceilingOf(this.#attempt);
    this.#attempt += 1;
    return atLeast + this.#random() * ceiling;
  }

  /** Start again at the shortest wait: the last attempt went well. */
  reset() {
    this.#attempt = 0;
  }
}

function ceilingOf(attempt) {
  if (attempt < SHORT_ATTEMPTS) return Math.min(SHORT_MS, FIRST_MS * 2 ** attempt);
  return Math.min(LONGEST_MS, SHORT_MS * 2 ** (attempt - SHORT_ATTEMPTS + 1));
}
