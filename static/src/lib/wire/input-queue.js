/**
 * What was typed and is not known to be written to the terminal yet.
 *
 * Bytes wait here, become numbered frames when the window has room, and stay until the holder acknowledges that they are
 * written. After a lost link the holder says the last number it accepted; the frames after that one are sent again with
 * the same numbers, so every byte is written exactly once. Those before it wait with the holder, perhaps for a program
 * that does not read, and fill the window until they are acknowledged.
 */

import { INPUT_FRAME_MAX_BYTES, INPUT_FRAMES_IN_FLIGHT } from "./protocol.js";

// A paste of 5 MB must fit; a megabyte-wide stream of them must not eat the page.
export const INPUT_KEPT_MAX_BYTES = 8 * 1024 * 1024;

export class InputQueue {
  /** Numbered and not acknowledged, oldest first: {seq, bytes}. The first `#sent` of them are with the holder or on the way. */
  #frames = [];
  #sent = 0;
  /** Not numbered yet. */
  #waiting = [];
  #waitingBytes = 0;
  #nextSeq = 1;

  /** Bytes that are not acknowledged. */
  get keptBytes() {
    return this.#waitingBytes + byteCount(this.#frames);
  }

  /** Whether frames sent on this link are still unacknowledged. */
  get hasUnacknowledged() {
    return this.#sent > 0;
  }

  /** What was not sent on this link yet, as pieces of bytes. */
  get unsent() {
    return [...this.#frames.slice(this.#sent).map(({ bytes }) => bytes), ...this.#waiting];
  }

  /** Keep `bytes` for sending. Returns false, and keeps nothing, when that would be more than 8 MiB. */
  push(bytes) {
    if (this.keptBytes + bytes.length > INPUT_KEPT_MAX_BYTES) return false;
    if (bytes.length > 0) {
      this.#waiting.push(bytes);
      this.#waitingBytes += bytes.length;
    }
    return true;
  }

  /** Return the next frame to put on the wire as {seq, bytes}, or null: nothing to send, or the window is full. */
  take() {
    if (this.#sent === INPUT_FRAMES_IN_FLIGHT) return null;
    if (this.#sent === this.#frames.length && this.#waitingBytes > 0) this.#number();
    return this.#sent < this.#frames.length ? this.#frames[this.#sent++] : null;
  }

  /** Forget everything up to `seq`. */
  acknowledge(seq) {
    while (this.#frames.length > 0 && this.#frames[0].seq <= seq) {
      this.#frames.shift();
      this.#sent = Math.max(0, this.#sent - 1);
    }
  }

  /**
   * A new link to the same holder, whose last accepted number is `lastSeq`.
   *
   * Returns the count of bytes given up: frames the holder may or may not have seen, because it no longer knows this
   * client. Typing something twice is worse than saying that it was lost.
   */
  resume(lastSeq) {
    this.#sent = this.#frames.filter(({ seq }) => seq <= lastSeq).length;
    const expected = lastSeq + 1;
    const next = this.#frames[this.#sent];
    const lost = next && next.seq !== expected ? this.#dropFrames() : 0;
    this.#nextSeq = Math.max(expected, (this.#frames.at(-1)?.seq ?? 0) + 1);
    return lost;
  }

  /** Give up what is not acknowledged; returns the count of bytes. Numbers of frames never sent are used again. */
  clear() {
    const dropped = this.keptBytes;
    if (this.#frames.length > this.#sent) this.#nextSeq = this.#frames[this.#sent].seq;
    this.#dropFrames();
    this.#waiting = [];
    this.#waitingBytes = 0;
    return dropped;
  }

  #dropFrames() {
    const dropped = byteCount(this.#frames);
    this.#frames = [];
    this.#sent = 0;
    return dropped;
  }

  #number() {
    this.#frames.push({ seq: this.#nextSeq, bytes: this.#gather() });
    this.#nextSeq += 1;
  }

  /** Take up to one frame's worth off the waiting bytes: keys that waited together travel together. */
  #gather() {
    const gathered = new Uint8Array(Math.min(this.#waitingBytes, INPUT_FRAME_MAX_BYTES));
    let filled = 0;
    while (filled < gathered.length) {
      const piece = this.#waiting[0].subarray(0, gathered.length - filled);
      gathered.set(piece, filled);
      filled += piece.length;
      if (piece.length === this.#waiting[0].length) this.#waiting.shift();
      else this.#waiting[0] = this.#waiting[0].subarray(piece.length);
    }
    this.#waitingBytes -= filled;
    return gathered;
  }
}

function byteCount(frames) {
  return frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
}
