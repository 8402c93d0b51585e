/** Time that passes only when a test says so, in the shape `lib/wire/connection.js` wants. */
export class FakeClock {
  #now = 0;
  /** In the order in which they were set, which decides between two that are due at the same moment. */
  #timers = new Set();

  now() {
    return this.#now;
  }

  after(ms, callback) {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Run everything due within the next `ms` milliseconds, in order of time. */
  advance(ms) {
    const end = this.#now + ms;
    for (let timer = this.#first(); timer && timer.at <= end; timer = this.#first()) this.#run(timer);
    this.#now = end;
  }

  #first() {
    let first = null;
    for (const timer of this.#timers) if (first === null || timer.at < first.at) first = timer;
    return first;
  }

  #run(timer) {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
  }
}
