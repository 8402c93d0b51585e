/**
 * Feeds a screen with what the holder sends, strictly in order.
 *
 * A screen parses later than it is written to, so a change of size has to wait until everything before it is parsed:
 * output is laid out at the size it was written for, also during replay.
 *
 * Characters are handed over whole: xterm.js 6 loses one that is cut behind a byte 0x80, as in every "—", "“" or "’".
 */

import { incompleteTail } from "./utf8.js";

const NOTHING = new Uint8Array();

// CAN ends a sequence that the lost bytes cut in half; then what RIS leaves as it is: newline mode, a hidden cursor, the
// colours, the titles that wait (xterm.js keeps ten) and the title.
const COLOURS = "\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07";
const TITLES = `${"\x1b[23;2t".repeat(10)}\x1b]2;\x07`;
const FORGET = new TextEncoder().encode(`\x18\x1b[20l\x1b[?25h${COLOURS}${TITLES}\x1bc`);

export class Sequence {
  #screen;
  #listener;
  #queue = [];
  #unparsed = 0;
  /** The beginning of a character whose end has not arrived. */
  #tail = NOTHING;

  /**
   * `screen` has write(bytes, done) and resize(cols, rows). `listener` has parsed(offset, link), replayed(link),
   * asked(query, link) and exited(status, link), each called once everything before it is on the screen.
   */
  constructor(screen, listener) {
    this.#screen = screen;
    this.#listener = listener;
  }

  /** Whether everything pushed so far is on the screen. */
  get isIdle() {
    return this.#unparsed === 0 && this.#queue.length === 0;
  }

  /** Take a decoded frame that came over the link number `link`. */
  push(frame, link) {
    this.#queue.push({ frame, link });
    this.#advance();
  }

  #advance() {
    while (this.#queue.length > 0 && this.#mayRun(this.#queue[0].frame)) {
      const { frame, link } = this.#queue.shift();
      this.#run(frame, link);
    }
  }

  /** Bytes queue up inside of the screen; everything else waits for them. */
  #mayRun(frame) {
    return this.#unparsed === 0 || frame.type === "output" || frame.type === "reset";
  }

  #run(frame, link) {
    switch (frame.type) {
      case "output":
        return this.#output(frame, link);
      case "reset":
        return this.#reset(frame, link);
      case "size":
        return this.#screen.resize(frame.cols, frame.rows);
      case "replay_end":
        return this.#listener.replayed(link);
      case "query":
        return this.#listener.asked(frame.bytes, link);
      case "exit":
        return this.#listener.exited(frame.status, link);
    }
  }

  /** Also a preamble may end within a character: where the replay begins within one. */
  #reset({ offset, bytes }, link) {
    const whole = bytes.length - incompleteTail(bytes);
    this.#tail = bytes.subarray(whole);
    this.#write(concat(FORGET, bytes.subarray(0, whole)), offset, link);
  }

  #output({ offset, bytes }, link) {
    const joined = concat(this.#tail, bytes);
    const whole = joined.length - incompleteTail(joined);
    this.#tail = joined.subarray(whole);
    if (whole > 0) this.#write(joined.subarray(0, whole), offset + bytes.length - this.#tail.length, link);
  }

  #write(bytes, offsetAfter, link) {
    this.#unparsed += 1;
    this.#screen.write(bytes, () => {
      this.#unparsed -= 1;
      this.#listener.parsed(offsetAfter, link);
      this.#advance();
    });
  }
}

function concat(first, second) {
  if (first.length === 0) return second;
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
