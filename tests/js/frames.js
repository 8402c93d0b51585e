/** The holder's half of the frames, for tests: encodes what `lib/wire/protocol.js` decodes and the other way round. */

export function output(offset, bytes) {
  return frame(0x21, [u64(offset), bytes]);
}

export function reset(offset, preamble = new Uint8Array()) {
  return frame(0x22, [u64(offset), preamble]);
}

export function replayEnd() {
  return frame(0x23, []);
}

export function gap(from, to) {
  return frame(0x24, [u64(from), u64(to)]);
}

export function size(cols, rows) {
  return frame(0x25, [u16(cols), u16(rows)]);
}

export function inputAck(seq) {
  return frame(0x26, [u32(seq)]);
}

export function exit(status, offset) {
  return frame(0x27, [u32(status), u64(offset)]);
}

export function query(bytes) {
  return frame(0x28, [bytes]);
}

/** Decode INPUT, RESIZE or ACK. */
export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (bytes[0]) {
    case 0x01:
      return { type: "input", seq: view.getUint32(1), bytes: bytes.subarray(5) };
    case 0x02:
      return { type: "resize", cols: view.getUint16(1), rows: view.getUint16(3) };
    case 0x03:
      return { type: "ack", offset: Number(view.getBigUint64(1)) };
    default:
      throw new Error(`a browser may not send frame type ${bytes[0]}`);
  }
}

export function u16(value) {
  return Uint8Array.of(value >>> 8, value);
}

export function u32(value) {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function u64(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function frame(type, parts) {
  return Uint8Array.from([type, ...parts.flatMap((part) => [...part])]);
}
