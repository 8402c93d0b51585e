import assert from "node:assert/strict";
import { test } from "node:test";

import { Events } from "../../static/src/lib/wire/events.js";

/** A page with a socket that the test opens, feeds and closes, and waits that the test ends. */
function page() {
  const seen = { sockets: [], waits: [], news: [] };
  const openSocket = () => {
    const socket = { close: () => socket.onclose({ code: 1005 }) };
    seen.sockets.push(socket);
    return socket;
  };
  const after = (ms, then) => {
    const wait = { ms, then, isCancelled: false };
    seen.waits.push(wait);
    return () => (wait.isCancelled = true);
  };
  const on = {
    change: (slug) => seen.news.push(slug),
    rights: () => seen.news.push("rights"),
    up: (isFirst) => seen.news.push(isFirst ? "up" : "up again"),
    down: () => seen.news.push("down"),
  };
  seen.events = new Events(openSocket, after, on, () => 1);
  return seen;
}

test("news of a sandbox reaches the page, other messages do not", () => {
  const { events, sockets, news } = page();
  events.connect();
  sockets[0].onopen();
  sockets[0].onmessage({ data: '{"type":"sandbox","slug":"quiet-otter"}' });
  sockets[0].onmessage({ data: '{"type":"rights"}' });
  sockets[0].onmessage({ data: '{"type":"later"}' });
  assert.deepEqual(news, ["up", "quiet-otter", "rights"]);
});

test("a lost socket comes back, later each time, and says that news may be missing", () => {
  const { events, sockets, waits, news } = page();
  events.connect();
  sockets[0].onopen();
  sockets[0].onclose({ code: 1006 });
  waits[0].then();
  sockets[1].onclose({ code: 1006 });
  waits[1].then();
  sockets[2].onopen();
  assert.ok(waits[1].ms > waits[0].ms);
  assert.deepEqual(news, ["up", "down", "down", "up again"]);
});

test("hurrying does not open a second socket", () => {
  const { events, sockets, waits } = page();
  events.connect();
  events.hurry();
  assert.equal(sockets.length, 1);
  sockets[0].onclose({ code: 1006 });
  events.hurry();
  assert.equal(sockets.length, 2);
  assert.ok(waits[0].isCancelled);
});

test("who is signed out is not asked again", () => {
  const { events, sockets, waits } = page();
  events.connect();
  sockets[0].onclose({ code: 4401 });
  events.hurry();
  assert.equal(waits.length, 0);
  assert.equal(sockets.length, 1);
});

test("a page that leaves closes its socket for good", () => {
  const { events, sockets, waits } = page();
  events.connect();
  events.dispose();
  assert.equal(waits.length, 0);
  assert.equal(sockets.length, 1);
});
