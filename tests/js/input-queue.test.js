import assert from "node:assert/strict";
import { test } from "node:test";

import { INPUT_KEPT_MAX_BYTES, InputQueue } from "../../static/src/lib/wire/input-queue.js";

const FRAME = 16 * 1024;

function queueOf(...texts) {
  const queue = new InputQueue();
  texts.forEach((text) => queue.push(Buffer.from(text)));
  return queue;
}

function takeAll(queue) {
  const taken = [];
  for (let frame = queue.take(); frame; frame = queue.take()) taken.push([frame.seq, Buffer.from(frame.bytes).toString()]);
  return taken;
}

test("what waited together travels together, numbered from 1", () => {
  assert.deepEqual(takeAll(queueOf("l", "s", "\r")), [[1, "ls\r"]]);
});

test("long input is cut at 16 KiB and the window is 16 frames", () => {
  const queue = queueOf("x".repeat(20 * FRAME));
  assert.equal(takeAll(queue).length, 16);
  queue.acknowledge(1);
  assert.deepEqual(
    takeAll(queue).map(([seq]) => seq),
    [17],
  );
});

test("after a new link only what was not accepted is sent again, with the same numbers", () => {
  const queue = queueOf("x".repeat(3 * FRAME));
  takeAll(queue);
  assert.equal(queue.resume(2), 0);
  assert.deepEqual(
    takeAll(queue).map(([seq]) => seq),
    [3],
  );
});

test("what the holder accepted and has not written yet fills the window after a new link, too", () => {
  const queue = queueOf("x".repeat(40 * FRAME));
  takeAll(queue);
  queue.resume(16);
  assert.deepEqual(takeAll(queue), []);
  assert.equal(queue.keptBytes, 40 * FRAME);
  queue.acknowledge(2);
  assert.deepEqual(
    takeAll(queue).map(([seq]) => seq),
    [17, 18],
  );
});

test("a new page counts on from the holder's last number", () => {
  const queue = queueOf("a");
  queue.resume(41);
  assert.deepEqual(takeAll(queue), [[42, "a"]]);
});

test("frames that the holder forgot are given up, not sent in doubt", () => {
  const queue = queueOf("one");
  takeAll(queue);
  queue.acknowledge(1);
  queue.push(Buffer.from("two"));
  takeAll(queue);
  queue.push(Buffer.from("three"));
  assert.equal(queue.resume(0), 3);
  assert.deepEqual(takeAll(queue), [[1, "three"]]);
});

test("clearing counts what is dropped and knows whether something is in doubt", () => {
  const queue = queueOf("on the wire");
  takeAll(queue);
  queue.push(Buffer.from("kept"));
  assert.equal(queue.hasUnacknowledged, true);
  assert.equal(queue.clear(), 15);
  assert.deepEqual([queue.hasUnacknowledged, queue.keptBytes], [false, 0]);
});

test("numbers of frames that never left are used again", () => {
  const queue = queueOf("a");
  takeAll(queue);
  queue.resume(0);
  queue.clear();
  queue.push(Buffer.from("b"));
  assert.deepEqual(takeAll(queue), [[1, "b"]]);
});

test("it holds 8 MiB and refuses the rest whole", () => {
  const queue = new InputQueue();
  assert.equal(queue.push(new Uint8Array(INPUT_KEPT_MAX_BYTES)), true);
  assert.equal(queue.push(new Uint8Array(1)), false);
  assert.equal(queue.keptBytes, INPUT_KEPT_MAX_BYTES);
});
