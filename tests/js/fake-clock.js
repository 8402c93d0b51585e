/** Time that passes only when a test says so, in the shape `lib/connection.js` wants. */
export class FakeClock {
  #now = 0;
  #timers = [];
  #count = 0;

  now() {
    return this.#now;
  }

  after(ms, callback) {
    const timer = { at: this.#now + ms, order: (this.#count += 1), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Run everything due within the next `ms` milliseconds, in order of time. */
  advance(ms) {
    const end = this.#now + ms;
    for (let timer = this.#nextUntil(end); timer; timer = this.#nextUntil(end)) this.#run(timer);
    this.#now = end;
  }

  #nextUntil(end) {
    const due = this.#timers.filter(({ at }) => at <= end);
    return due.sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }

  #run(timer) {
    this.#timers = this.#timers.filter((other) => other !== timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
  }
}
