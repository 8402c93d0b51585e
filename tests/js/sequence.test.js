import assert from "node:assert/strict";
import { test } from "node:test";

import { Sequence } from "../../static/src/lib/wire/sequence.js";

const LINK = { epoch: "aa" };

/** A screen that parses a write when the test calls `parseNext`. */
function setUp() {
  const log = [];
  const pending = [];
  const screen = {
    write(bytes, done) {
      log.push(`write ${Buffer.from(bytes)}`);
      pending.push(done);
    },
    resize: (cols, rows) => log.push(`resize ${cols}x${rows}`),
  };
  const listener = {
    parsed: (offset) => log.push(`parsed ${offset}`),
    replayed: (link) => log.push(`replayed ${link.epoch}`),
    asked: (query) => log.push(`asked ${Buffer.from(query)}`),
    exited: (status) => log.push(`exited ${status}`),
  };
  const sequence = new Sequence(screen, listener);
  const push = (...frames) => frames.forEach((frame) => sequence.push(frame, LINK));
  return { log, push, parseNext: () => pending.shift()(), sequence };
}

function output(offset, text) {
  return { type: "output", offset, bytes: Buffer.from(text) };
}

test("a question waits until everything before it is parsed", () => {
  const { log, push, parseNext } = setUp();
  push(output(0, "a"), { type: "query", bytes: Buffer.from("") }, { type: "query", bytes: Buffer.from("?") }, output(1, "b"));
  assert.deepEqual(log, ["write a"]);
  parseNext();
  assert.deepEqual(log, ["write a", "parsed 1", "asked ", "asked ?", "write b"]);
});

test("output is handed on at once and reported when parsed", () => {
  const { log, push, parseNext } = setUp();
  push(output(0, "ab"), output(2, "c"));
  parseNext();
  parseNext();
  assert.deepEqual(log, ["write ab", "write c", "parsed 2", "parsed 3"]);
});

test("a size waits for the output before it and holds back the output after it", () => {
  const { log, push, parseNext } = setUp();
  push(output(0, "old"), { type: "size", cols: 100, rows: 30 }, output(3, "new"));
  assert.deepEqual(log, ["write old"]);
  parseNext();
  assert.deepEqual(log, ["write old", "parsed 3", "resize 100x30", "write new"]);
});

test("the end of a replay and the exit come when everything is on the screen", () => {
  const { log, push, parseNext, sequence } = setUp();
  push(output(0, "bye"), { type: "replay_end" }, { type: "exit", status: 1 });
  assert.deepEqual(log, ["write bye"]);
  assert.equal(sequence.isIdle, false);
  parseNext();
  assert.deepEqual(log.slice(1), ["parsed 3", "replayed aa", "exited 1"]);
  assert.equal(sequence.isIdle, true);
});

test("a reset stays in order with the output around it", () => {
  const { log, push, parseNext } = setUp();
  push(output(0, "half a seq\x1b["), { type: "reset", offset: 90, bytes: Buffer.from("\x1b[?25l") }, output(90, "x"));
  [1, 2, 3].forEach(parseNext);
  assert.match(log[1], /^write \x18.*\x1bc\x1b\[\?25l$/s);
  assert.deepEqual(log.slice(2), ["write x", "parsed 12", "parsed 90", "parsed 91"]);
});

test("a character that is cut waits for its other half, and is not reported before", () => {
  const { log, push, parseNext } = setUp();
  const dash = Buffer.from("a—b");
  push({ type: "output", offset: 0, bytes: dash.subarray(0, 3) }, { type: "output", offset: 3, bytes: dash.subarray(3) });
  parseNext();
  parseNext();
  assert.deepEqual(log, ["write a", "write —b", "parsed 1", "parsed 5"]);
});

test("what can never become a character is not held back", () => {
  const { log, push } = setUp();
  push({ type: "output", offset: 0, bytes: Buffer.from([0x61, 0x80, 0x80]) });
  assert.equal(log.length, 1);
});

test("a reset forgets half a character", () => {
  const { log, push } = setUp();
  push({ type: "output", offset: 0, bytes: Buffer.from([0xe2, 0x80]) });
  push({ type: "reset", offset: 9, bytes: Buffer.from("") }, output(9, "x"));
  assert.equal(log.at(-1), "write x");
});
