/** What the design promises of a bad network: nothing lost, nothing doubled, whatever is cut and whenever. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { FakeClock } from "./fake-clock.js";
import { FakeHolder } from "./fake-holder.js";
import { FakeNetwork } from "./fake-network.js";
import { between, seededRandom } from "./random.js";
import { BOB, viewer } from "./viewer.js";

const DISCONNECTS = 1_000;

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

function noise(random, length) {
  return Uint8Array.from({ length }, () => between(random, 0, 255));
}

/** Plays `disconnects` cuts at random moments while the shell prints and a person types. */
function storm(seed, disconnects) {
  const random = seededRandom(seed);
  const clock = new FakeClock();
  const holder = new FakeHolder();
  const network = new FakeNetwork(holder, clock, () => between(random, 1, 20));
  const ada = viewer({ clock, network, random });
  const printed = [];
  const typed = [];
  ada.connection.connect();
  clock.advance(1_000);
  for (let cut = 0; cut < disconnects; cut += 1) {
    const pieces = between(random, 1, 6);
    for (let piece = 0; piece < pieces; piece += 1) {
      printed.push(noise(random, between(random, 1, 3_000)));
      holder.print(printed.at(-1));
      const keys = noise(random, between(random, 1, random() < 0.02 ? 100_000 : 40));
      if (ada.connection.send(keys)) typed.push(keys);
      clock.advance(between(random, 0, 60));
    }
    network.cut();
    clock.advance(between(random, 0, 300));
  }
  // Noise may end in half a character, which waits for its end.
  printed.push(Uint8Array.of(0x2e));
  holder.print(printed.at(-1));
  clock.advance(60_000);
  return { ada, holder, network, printed: Buffer.concat(printed), typed: Buffer.concat(typed) };
}

/** The screen's bytes from the first RESET's preamble on. */
function shown({ screen }) {
  return Buffer.concat(screen.bytes.slice(1));
}

test("1,000 random disconnects during output and typing: output equal, input exactly once", () => {
  const { ada, holder, network, printed, typed } = storm(20_231_123, DISCONNECTS);
  assert.ok(network.sockets.length >= DISCONNECTS / 3, `${network.sockets.length} links`);
  assert.equal(ada.frames.filter(({ type }) => type === "reset").length, 1);
  assert.equal(sha256(shown(ada)), sha256(printed));
  assert.equal(sha256(holder.input), sha256(typed));
  assert.equal(ada.connection.unconfirmedBytes, 0);
  assert.equal(ada.connection.state, "live");
  assert.deepEqual(ada.notices, []);
});

test("the same holds for 40 other storms", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const { ada, holder, printed, typed } = storm(seed, 25);
    assert.equal(sha256(shown(ada)), sha256(printed), `output of storm ${seed}`);
    assert.equal(sha256(holder.input), sha256(typed), `input of storm ${seed}`);
  }
});

test("two who take the keyboard from each other on a bad network never write anything twice", () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const random = seededRandom(seed);
    const clock = new FakeClock();
    const holder = new FakeHolder();
    const network = new FakeNetwork(holder, clock, () => between(random, 1, 20));
    const people = [viewer({ clock, network, random }), viewer({ clock, network, random, client: BOB })];
    people.forEach(({ connection }) => connection.connect());
    clock.advance(1_000);
    for (let mark = 0; mark < 200; mark += 1) {
      const who = people[between(random, 0, 1)];
      if (random() < 0.2) who.connection.takeKeyboard();
      if (random() < 0.1) network.cut();
      who.connection.send(new TextEncoder().encode(`<${mark}>`));
      clock.advance(between(random, 0, 40));
    }
    clock.advance(60_000);
    const marks = holder.input.toString().match(/\d+/g).map(Number);
    assert.equal(new Set(marks).size, marks.length, `storm ${seed}`);
    assert.ok(people.every(({ connection }) => connection.state === "live" && connection.unconfirmedBytes === 0));
  }
});

test("a slow screen never has more than the window unparsed", () => {
  const clock = new FakeClock();
  const holder = new FakeHolder();
  const network = new FakeNetwork(holder, clock);
  let pending = 0;
  let most = 0;
  const screen = {
    resize() {},
    write(bytes, done) {
      pending += bytes.length;
      most = Math.max(most, pending);
      clock.after(5, () => {
        pending -= bytes.length;
        done();
      });
    },
  };
  const ada = viewer({ clock, network, screen });
  ada.connection.connect();
  clock.advance(100);
  for (let round = 0; round < 40; round += 1) {
    holder.print(new Uint8Array(64 * 1024).fill(97));
    clock.advance(30);
  }
  assert.ok(most <= 256 * 1024 + 64, `${most} bytes`);
  assert.equal(ada.connection.position.offset, holder.head);
});
