/**
 * Binary frames of the subprotocol `sandlot.terminal.v1`: one websocket message = u8 type + body, big-endian.
 *
 * Twins: sessions/terminal/protocol.py (the server) and holder/frames.h (the holder). A change here is a change there.
 */

export const SUBPROTOCOL = "sandlot.terminal.v1";

// 16 frames of 16 KiB: what the holder accepts before it has acknowledged the first of them.
export const INPUT_FRAME_MAX_BYTES = 16 * 1024;
export const INPUT_FRAMES_IN_FLIGHT = 16;

const OUTPUT_FRAME_MAX_BYTES = 64 * 1024;
const SIZE_LIMITS = { minCols: 2, maxCols: 1000, minRows: 1, maxRows: 500 };

const TYPE = {
  INPUT: 0x01,
  RESIZE: 0x02,
  ACK: 0x03,
  OUTPUT: 0x21,
  RESET: 0x22,
  REPLAY_END: 0x23,
  GAP: 0x24,
  SIZE: 0x25,
  INPUT_ACK: 0x26,
  EXIT: 0x27,
  QUERY: 0x28,
};

/** Anything the other side sent that the protocol does not allow. The link cannot go on after it. */
export class ProtocolError extends Error {
  name = "ProtocolError";
}

/** A frame whose body is shorter or longer than its type says. */
export class FrameLengthError extends ProtocolError {
  name = "FrameLengthError";
}

/** A frame type this side does not know or may not receive. */
export class FrameTypeError extends ProtocolError {
  name = "FrameTypeError";
}

/** A field outside of its range, for example an offset above 2^53. */
export class FrameValueError extends ProtocolError {
  name = "FrameValueError";
}

/** INPUT: `seq` counts from 1 per client, `bytes` is 1 to 16384 bytes. */
export function encodeInput(seq, bytes) {
  if (bytes.length < 1 || bytes.length > INPUT_FRAME_MAX_BYTES) {
    throw new FrameLengthError(`INPUT carries 1 to ${INPUT_FRAME_MAX_BYTES} bytes, not ${bytes.length}`);
  }
  const { frame, view } = emptyFrame(TYPE.INPUT, 4 + bytes.length);
  view.setUint32(1, seq);
  frame.set(bytes, 5);
  return frame;
}

/** RESIZE, clamped to what a terminal may have. */
export function encodeResize(cols, rows) {
  const size = clampSize(cols, rows);
  const { frame, view } = emptyFrame(TYPE.RESIZE, 4);
  view.setUint16(1, size.cols);
  view.setUint16(3, size.rows);
  return frame;
}

/** ACK: everything before the absolute output `offset` is parsed. */
export function encodeAck(offset) {
  const { frame, view } = emptyFrame(TYPE.ACK, 8);
  view.setBigUint64(1, BigInt(offset));
  return frame;
}

/** Return whole numbers inside 2..1000 columns and 1..500 rows. */
export function clampSize(cols, rows) {
  const { minCols, maxCols, minRows, maxRows } = SIZE_LIMITS;
  return { cols: clamp(cols, minCols, maxCols), rows: clamp(rows, minRows, maxRows) };
}

/**
 * Decode one message of the holder, given as an ArrayBuffer or Uint8Array.
 *
 * Returns {type, ...fields}; `bytes` are views into the message, not copies. Raises ProtocolError.
 */
export function decodeFrame(message) {
  const bytes = message instanceof Uint8Array ? message : new Uint8Array(message);
  if (bytes.length === 0) throw new FrameLengthError("an empty message is no frame");
  const decode = DECODERS.get(bytes[0]);
  if (!decode) throw new FrameTypeError(`frame type 0x${bytes[0].toString(16).padStart(2, "0")} is unknown`);
  return decode(new Body(bytes.subarray(1)));
}

const DECODERS = new Map([
  [TYPE.OUTPUT, decodeOutput],
  [TYPE.RESET, (body) => ({ type: "reset", offset: body.u64(), bytes: body.rest() })],
  [TYPE.REPLAY_END, (body) => body.end({ type: "replay_end" })],
  [TYPE.GAP, decodeGap],
  [TYPE.SIZE, decodeSize],
  [TYPE.INPUT_ACK, (body) => body.end({ type: "input_ack", seq: body.u32() })],
  [TYPE.EXIT, (body) => body.end({ type: "exit", status: body.i32(), offset: body.u64() })],
  [TYPE.QUERY, (body) => ({ type: "query", bytes: body.rest() })],
]);

function decodeOutput(body) {
  const frame = { type: "output", offset: body.u64(), bytes: body.rest() };
  if (frame.bytes.length < 1 || frame.bytes.length > OUTPUT_FRAME_MAX_BYTES) {
    throw new FrameLengthError(`OUTPUT carries 1 to ${OUTPUT_FRAME_MAX_BYTES} bytes, not ${frame.bytes.length}`);
  }
  return frame;
}

function decodeGap(body) {
  const frame = body.end({ type: "gap", from: body.u64(), to: body.u64() });
  if (frame.to < frame.from) throw new FrameValueError(`GAP runs backwards, from ${frame.from} to ${frame.to}`);
  return frame;
}

function decodeSize(body) {
  const frame = body.end({ type: "size", cols: body.u16(), rows: body.u16() });
  const { cols, rows } = clampSize(frame.cols, frame.rows);
  if (cols !== frame.cols || rows !== frame.rows) {
    throw new FrameValueError(`SIZE ${frame.cols}x${frame.rows} is outside of what a terminal may have`);
  }
  return frame;
}

/** Reads fields off the front of a frame's body, each with its length checked. */
class Body {
  #view;
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16() {
    return this.#view.getUint16(this.#take(2));
  }

  u32() {
    return this.#view.getUint32(this.#take(4));
  }

  i32() {
    return this.#view.getInt32(this.#take(4));
  }

  u64() {
    const value = this.#view.getBigUint64(this.#take(8));
    // Offsets are plain numbers from here on: 2^53 bytes are 9 PB of output of one terminal.
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameValueError(`${value} is above 2^53`);
    return Number(value);
  }

  rest() {
    const rest = this.#bytes.subarray(this.#at);
    this.#at = this.#bytes.length;
    return rest;
  }

  /** Return `frame` when the body is used up. */
  end(frame) {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new FrameLengthError(`${frame.type} has ${left} bytes too many`);
    return frame;
  }

  #take(count) {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw new FrameLengthError(`a frame ends ${count} bytes too early`);
    this.#at += count;
    return at;
  }
}

function emptyFrame(type, bodyLength) {
  const frame = new Uint8Array(1 + bodyLength);
  frame[0] = type;
  return { frame, view: new DataView(frame.buffer) };
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, Math.trunc(value)));
}
