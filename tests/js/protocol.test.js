import assert from "node:assert/strict";
import { test } from "node:test";

import {
  clampSize,
  decodeFrame,
  encodeAck,
  encodeInput,
  encodeResize,
  FrameLengthError,
  FrameTypeError,
  FrameValueError,
  ProtocolError,
} from "../../static/src/lib/wire/protocol.js";

function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}

function decodeHex(text) {
  return decodeFrame(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

test("INPUT is type, number, bytes", () => {
  assert.equal(hex(encodeInput(258, Uint8Array.of(0x6c, 0x73))), "01000001026c73");
});

test("RESIZE is two 16-bit numbers, clamped", () => {
  assert.equal(hex(encodeResize(80, 24)), "0200500018");
  assert.equal(hex(encodeResize(0, 9_999)), "02000201f4");
});

test("ACK is a 64-bit offset, also above 4 GiB", () => {
  assert.equal(hex(encodeAck(2 ** 40 + 5)), "030000010000000005");
});

test("INPUT of nothing or of more than 16 KiB is refused", () => {
  assert.throws(() => encodeInput(1, new Uint8Array(0)), FrameLengthError);
  assert.throws(() => encodeInput(1, new Uint8Array(16_385)), FrameLengthError);
});

test("every frame of the holder decodes", () => {
  assert.deepEqual(decodeHex("21 0000000000000003 6869"), { type: "output", offset: 3, bytes: Buffer.from("hi") });
  assert.deepEqual(decodeHex("22 0000010000000000"), { type: "reset", offset: 2 ** 40, bytes: Buffer.from("") });
  assert.deepEqual(decodeHex("23"), { type: "replay_end" });
  assert.deepEqual(decodeHex("24 0000000000000001 0000000000000002"), { type: "gap", from: 1, to: 2 });
  assert.deepEqual(decodeHex("25 0050 0018"), { type: "size", cols: 80, rows: 24 });
  assert.deepEqual(decodeHex("26 00000007"), { type: "input_ack", seq: 7 });
  assert.deepEqual(decodeHex("27 ffffffff 0000000000000009"), { type: "exit", status: -1, offset: 9 });
  assert.deepEqual(decodeHex("28 1b5b3063"), { type: "query", bytes: Buffer.from("\x1b[0c") });
});

test("an ArrayBuffer decodes as well as a view", () => {
  assert.deepEqual(decodeFrame(Uint8Array.of(0x23).buffer), { type: "replay_end" });
});

test("every frame that is too short or too long is refused", () => {
  const whole = ["210000000000000003", "22000000000000", "2300", "240000000000000001", "2500500018ff", "260000", "27ff", ""];
  for (const text of whole) assert.throws(() => decodeHex(text), FrameLengthError, text);
  assert.throws(() => decodeFrame(new Uint8Array(9 + 65_537).fill(0x21, 0, 1)), FrameLengthError);
});

test("unknown types, and those only the server or the browser may send, are refused", () => {
  for (const type of [0x00, 0x01, 0x10, 0x30, 0x31, 0x32, 0xff]) {
    assert.throws(() => decodeFrame(Uint8Array.of(type)), FrameTypeError);
  }
});

test("offsets above 2^53, a gap that runs backwards and an impossible size are refused", () => {
  assert.throws(() => decodeHex("21 0020000000000000 61"), FrameValueError);
  assert.throws(() => decodeHex("24 0000000000000002 0000000000000001"), FrameValueError);
  assert.throws(() => decodeHex("25 0001 0018"), FrameValueError);
});

test("one class catches everything that is wrong with a frame", () => {
  assert.throws(() => decodeHex("99"), ProtocolError);
  assert.throws(() => decodeHex("26"), ProtocolError);
});

test("sizes become whole numbers inside of the limits", () => {
  assert.deepEqual(clampSize(1.9, 24.7), { cols: 2, rows: 24 });
  assert.deepEqual(clampSize(2_000, 0), { cols: 1_000, rows: 1 });
});
