/** Sends the latest of many changes to the server: one request at a time, and what changed meanwhile in the next. */
export class Saver {
  #send;
  #failed;
  /** @type {string | null} */
  #next = null;
  #isSending = false;
  #sent;

  /** `send(text)` returns a promise; `failed(error)` hears of the one that could not be kept. `kept` is known already. */
  constructor(send, failed, kept = null) {
    this.#send = send;
    this.#failed = failed;
    this.#sent = JSON.stringify(kept);
  }

  /** Keep `value`; what the server has already is not sent again. */
  save(value) {
    this.#next = JSON.stringify(value);
    if (!this.#isSending) this.#run();
  }

  async #run() {
    this.#isSending = true;
    while (this.#next !== null && this.#next !== this.#sent) {
      this.#sent = this.#next;
      await this.#try(this.#sent);
    }
    this.#next = null;
    this.#isSending = false;
  }

  async #try(text) {
    try {
      await this.#send(text);
    } catch (error) {
      // The page goes on with what it shows; the next change brings all of it again.
      this.#sent = null;
      this.#next = null;
      this.#failed(error);
    }
  }
}
