import assert from "node:assert/strict";
import { test } from "node:test";

import { hand, hello, MessageError, parseMessage } from "../../static/src/lib/wire/messages.js";

const WELCOME = {
  type: "welcome",
  epoch: "00000000000000aa",
  offset: 12,
  cols: 80,
  rows: 24,
  link: 3,
  last_seq: 7,
  created: true,
  exited: false,
  may_drive: true,
  title: "Terminal 1",
};

test("hello carries what the server needs to resume", () => {
  const message = { client: "a".repeat(32), epoch: null, offset: null, cols: 80, rows: 24, drive: true, lines: 10_024 };
  assert.deepEqual(JSON.parse(hello(message)), { type: "hello", ...message, queries: true });
});

test("a hand names a viewer's link", () => {
  assert.deepEqual(JSON.parse(hand(7)), { type: "hand", to: 7 });
});

test("welcome, presence, notice and pong parse", () => {
  const { lastSeq, mayDrive, queries } = parseMessage(JSON.stringify(WELCOME));
  assert.deepEqual([lastSeq, mayDrive, queries], [7, true, false]);
  assert.equal(parseMessage(JSON.stringify({ ...WELCOME, queries: true })).queries, true);
  const viewers = [{ link: 1, name: "ada", may_drive: true }];
  assert.deepEqual(parseMessage(JSON.stringify({ type: "presence", driver: 1, viewers })), {
    type: "presence",
    driver: 1,
    viewers: [{ link: 1, name: "ada", mayDrive: true }],
  });
  const notice = { type: "notice", level: "info", code: "oom", text: "Out of memory." };
  assert.deepEqual(parseMessage(JSON.stringify(notice)), notice);
  assert.deepEqual(parseMessage('{"type":"pong","n":4}'), { type: "pong", n: 4 });
});

test("a type of a newer server is passed over", () => {
  assert.equal(parseMessage('{"type":"weather"}'), null);
});

test("names that every object has are no types", () => {
  assert.equal(parseMessage('{"type":"constructor"}'), null);
});

test("no JSON, no object and missing fields are refused", () => {
  for (const text of ["", "{", "3", "null"]) assert.throws(() => parseMessage(text), MessageError, text);
  for (const field of Object.keys(WELCOME).filter((name) => name !== "type")) {
    assert.throws(() => parseMessage(JSON.stringify({ ...WELCOME, [field]: undefined })), MessageError, field);
  }
  assert.throws(() => parseMessage('{"type":"presence","driver":0,"viewers":[null]}'), MessageError);
  assert.throws(() => parseMessage('{"type":"presence","driver":0,"viewers":{}}'), MessageError);
});
