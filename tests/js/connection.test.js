import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeClock } from "./fake-clock.js";
import { FakeHolder } from "./fake-holder.js";
import { FakeNetwork } from "./fake-network.js";
import { ADA, BOB, bytes, viewer } from "./viewer.js";

// An upgrade that is refused: one message there, the close back.
const TRIP_MS = 2;

function setUp(options = {}) {
  const clock = new FakeClock();
  const holder = new FakeHolder(options);
  const network = new FakeNetwork(holder, clock);
  return { clock, holder, network };
}

function connected(options = {}) {
  const world = setUp(options);
  const ada = viewer({ ...world, ...options });
  ada.connection.connect();
  world.clock.advance(100);
  return { ...world, ada };
}

function hellos(network) {
  return network.sockets.map(({ sent }) => sent[0] && JSON.parse(sent[0]));
}

test("the first hello asks for the lines that the screen keeps, with client, size and wish to drive", () => {
  const { network } = connected();
  assert.equal(network.last.subprotocol, "sandlot.terminal.v1");
  assert.deepEqual(hellos(network)[0], {
    type: "hello",
    client: ADA,
    epoch: null,
    offset: null,
    cols: 80,
    rows: 24,
    drive: true,
    lines: 10_024,
    queries: true,
  });
});

test("it is live once the replay is parsed, not before", () => {
  const world = setUp();
  world.holder.print(bytes("prompt$ "));
  const done = [];
  const screen = { write: (_, callback) => done.push(callback), resize() {} };
  const ada = viewer({ ...world, screen });
  ada.connection.connect();
  world.clock.advance(100);
  assert.equal(ada.connection.state, "replaying");
  while (done.length > 0) done.shift()();
  assert.equal(ada.connection.state, "live");
});

test("after a lost link only the missing bytes are asked for", () => {
  const { clock, holder, network, ada } = connected();
  holder.print(bytes("one "));
  clock.advance(10);
  network.cut();
  holder.print(bytes("two"));
  clock.advance(1_000);
  assert.deepEqual([hellos(network)[1].epoch, hellos(network)[1].offset], [holder.epoch, 4]);
  assert.ok(ada.screen.text.endsWith("one two"));
  assert.equal(ada.frames.filter(({ type }) => type === "reset").length, 1);
});

test("output that went by faster than the ring is said, and what is kept is shown", () => {
  const { clock, holder, network, ada } = connected({ ringBytes: 64 * 1024 });
  network.cut();
  holder.print(new Uint8Array(200 * 1024).fill(120));
  clock.advance(1_000);
  assert.equal(ada.notices[0].code, "gap");
  assert.equal(ada.connection.position.offset, holder.head);
  assert.equal(ada.connection.state, "live");
});

test("typed bytes arrive once, in order, and are forgotten when acknowledged", () => {
  const { clock, holder, ada } = connected();
  for (const key of "ls -l\r") ada.connection.send(bytes(key));
  clock.advance(10);
  assert.equal(holder.input.toString(), "ls -l\r");
  assert.equal(ada.connection.unconfirmedBytes, 0);
});

test("what was typed while the link was away arrives when it is back", () => {
  const { clock, holder, network, ada } = connected();
  network.cut();
  ada.connection.send(bytes("make\r"));
  clock.advance(1_000);
  assert.equal(holder.input.toString(), "make\r");
});

test("a frame whose acknowledgement was lost is not written twice", () => {
  const { clock, holder, network, ada } = connected();
  ada.connection.send(bytes("once"));
  clock.advance(1);
  network.cut();
  clock.advance(1_000);
  assert.equal(holder.input.toString(), "once");
  ada.connection.send(bytes(" more"));
  clock.advance(10);
  assert.equal(holder.input.toString(), "once more");
});

test("a reloaded page goes on counting where the client's last number was", () => {
  const { clock, holder, network, ada } = connected();
  ada.connection.send(bytes("before "));
  clock.advance(10);
  ada.connection.dispose();
  const again = viewer({ clock, network });
  again.connection.connect();
  clock.advance(100);
  again.connection.send(bytes("after"));
  clock.advance(10);
  assert.equal(holder.input.toString(), "before after");
});

test("input for a shell that is gone is dropped, and that is said", () => {
  const { clock, holder, network, ada } = connected();
  network.cut();
  ada.connection.send(bytes("rm -rf build\r"));
  holder.restart("00000000000000bb");
  clock.advance(1_000);
  assert.equal(holder.input.length, 0);
  assert.equal(ada.notices[0].code, "input_dropped");
  ada.connection.send(bytes("pwd\r"));
  clock.advance(10);
  assert.equal(holder.input.toString(), "pwd\r");
});

test("a paste of 5 MB arrives whole, at most 16 frames of 16 KiB under way", () => {
  const { clock, holder, network, ada } = connected();
  const paste = new Uint8Array(5 * 1024 * 1024).map((_, index) => 97 + (index % 26));
  assert.equal(ada.connection.send(paste), true);
  assert.equal(network.last.sent.filter((sent) => sent[0] === 1).length, 16);
  clock.advance(5_000);
  assert.ok(holder.input.equals(Buffer.from(paste)));
  assert.ok(network.last.sent.every((sent) => typeof sent === "string" || sent.length <= 5 + 16 * 1024));
});

test("more than 8 MiB is refused whole", () => {
  const { clock, holder, ada } = connected();
  assert.equal(ada.connection.send(new Uint8Array(9 * 1024 * 1024)), false);
  clock.advance(100);
  assert.equal(ada.notices[0].code, "input_full");
  assert.equal(holder.input.length, 0);
});

test("a viewer who does not drive types nothing", () => {
  const { clock, holder, network } = connected();
  const bob = viewer({ clock, network, client: BOB });
  bob.connection.connect();
  clock.advance(100);
  assert.equal(bob.connection.canType, false);
  assert.equal(bob.connection.send(bytes("x")), false);
  clock.advance(10);
  assert.equal(holder.input.length, 0);
});

test("taking over gives the keyboard to one and takes it from the other", () => {
  const { clock, holder, network, ada } = connected();
  const bob = viewer({ clock, network, client: BOB });
  bob.connection.connect();
  clock.advance(100);
  bob.connection.takeKeyboard();
  clock.advance(10);
  assert.deepEqual([ada.connection.isDriving, bob.connection.isDriving], [false, true]);
  bob.connection.send(bytes("bob was here"));
  clock.advance(10);
  assert.equal(holder.input.toString(), "bob was here");
  assert.deepEqual(
    ada.connection.viewers.map(({ isDriver, isMe }) => [isDriver, isMe]),
    [
      [false, true],
      [true, false],
    ],
  );
});

/** Ada, who drives, and Bob, who looks with a screen of another size. */
function both() {
  const world = connected();
  const bob = viewer({ ...world, client: BOB, size: { cols: 100, rows: 30 } });
  bob.connection.connect();
  world.clock.advance(100);
  const linkOf = (client) => [...world.holder.links].find((link) => link.client === client).id;
  return { ...world, bob, linkOf };
}

test("the keyboard is handed to one named viewer, who hears from whom", () => {
  const { clock, holder, ada, bob, linkOf } = both();
  ada.connection.send(bytes("hers "));
  clock.advance(10);
  assert.equal(ada.connection.handKeyboard(linkOf(BOB)), true);
  clock.advance(10);
  assert.deepEqual([ada.connection.isDriving, bob.connection.isDriving], [false, true]);
  assert.deepEqual([ada.givers, bob.givers], [[], ["ada"]]);
  assert.deepEqual([holder.cols, holder.rows], [100, 30]);
  bob.connection.send(bytes("his"));
  assert.equal(ada.connection.send(bytes("not hers")), false);
  clock.advance(10);
  assert.equal(holder.input.toString(), "hers his");
  assert.deepEqual(ada.notices, []);
});

test("taking, keeping and coming back to the keyboard is not being handed it", () => {
  const { clock, network, ada, bob } = both();
  bob.connection.takeKeyboard();
  clock.advance(10);
  ada.connection.dispose();
  network.cut();
  clock.advance(2_000);
  assert.equal(bob.connection.isDriving, true);
  assert.deepEqual(bob.givers, []);
});

test("only who drives hands on, and not before what was typed has arrived", () => {
  const { clock, holder, network, ada, bob, linkOf } = both();
  assert.equal(bob.connection.handKeyboard(linkOf(BOB)), false);
  ada.connection.send(bytes("under way"));
  assert.equal(ada.connection.handKeyboard(linkOf(BOB)), false);
  assert.equal(ada.connection.giveKeyboard(), false);
  assert.deepEqual(
    ada.notices.map(({ code }) => code),
    ["input_under_way", "input_under_way"],
  );
  clock.advance(10);
  assert.equal(holder.input.toString(), "under way");
  assert.ok(network.sockets.every(({ sent }) => sent.every((message) => !String(message).includes("hand"))));
});

test("who handed the keyboard on does not take it back by coming back", () => {
  const { clock, network, ada, bob, linkOf } = both();
  ada.connection.handKeyboard(linkOf(BOB));
  clock.advance(10);
  for (const socket of [...network.sockets]) socket.cut();
  bob.connection.dispose();
  clock.advance(2_000);
  assert.equal(ada.connection.state, "live");
  assert.equal(ada.connection.isDriving, false);
});

test("input under way while someone takes over is neither doubled nor left in doubt", () => {
  const { clock, holder, network, ada } = connected();
  const bob = viewer({ clock, network, client: BOB });
  bob.connection.connect();
  clock.advance(100);
  bob.connection.takeKeyboard();
  clock.advance(1);
  ada.connection.send(bytes("too late"));
  clock.advance(1_000);
  assert.equal(holder.input.length, 0);
  assert.equal(ada.notices[0].code, "input_dropped");
  ada.connection.takeKeyboard();
  clock.advance(10);
  ada.connection.send(bytes("now"));
  clock.advance(10);
  assert.equal(holder.input.toString(), "now");
});

test("when nobody drives, the first key takes the keyboard and is not lost", () => {
  const { clock, holder, network, ada } = connected();
  const bob = viewer({ clock, network, client: BOB });
  bob.connection.connect();
  clock.advance(100);
  ada.connection.dispose();
  clock.advance(10);
  assert.equal(bob.connection.isKeyboardFree, true);
  bob.connection.send(bytes("q"));
  clock.advance(10);
  assert.equal(holder.input.toString(), "q");
  assert.equal(bob.connection.isDriving, true);
});

test("a hidden page gives the keyboard up and takes it back when it is seen", () => {
  const { clock, holder, ada } = connected();
  ada.connection.yieldKeyboard();
  clock.advance(100);
  assert.equal(holder.driver, null);
  assert.equal(ada.connection.state, "live");
  assert.equal(ada.connection.canType, false);
  ada.connection.reclaimKeyboard();
  clock.advance(10);
  assert.equal(ada.connection.isDriving, true);
  assert.equal(ada.frames.filter(({ type }) => type === "reset").length, 1);
});

test("a page that is seen again does not take the keyboard from someone else", () => {
  const { clock, network, ada } = connected();
  ada.connection.yieldKeyboard();
  clock.advance(100);
  const bob = viewer({ clock, network, client: BOB });
  bob.connection.connect();
  clock.advance(100);
  ada.connection.reclaimKeyboard();
  clock.advance(100);
  assert.deepEqual([ada.connection.isDriving, bob.connection.isDriving], [false, true]);
});

test("a page that is seen again while its link is away comes back as the driver", () => {
  const { clock, network, ada } = connected();
  ada.connection.yieldKeyboard();
  clock.advance(100);
  network.cut();
  ada.connection.reclaimKeyboard();
  clock.advance(1_000);
  assert.equal(ada.connection.isDriving, true);
});

test("a hidden page with a paste under way keeps the keyboard until it is through", () => {
  const { clock, holder, ada } = connected();
  ada.connection.send(new Uint8Array(1024 * 1024).fill(97));
  ada.connection.yieldKeyboard();
  clock.advance(5_000);
  assert.equal(holder.input.length, 1024 * 1024);
  assert.equal(ada.connection.isDriving, true);
});

test("who may not drive never asks", () => {
  const world = setUp();
  world.holder.mayDrive = false;
  const ada = viewer(world);
  ada.connection.connect();
  world.clock.advance(100);
  ada.connection.takeKeyboard();
  assert.equal(ada.connection.send(bytes("x")), false);
  assert.ok(!world.network.last.sent.includes('{"type":"drive"}'));
});

test("only the driver's size counts, and a changed size is sent once", () => {
  const { clock, holder, network, ada } = connected();
  ada.connection.resize(100, 30);
  ada.connection.resize(100, 30);
  clock.advance(10);
  assert.deepEqual([holder.cols, holder.rows], [100, 30]);
  assert.equal(network.last.sent.filter((sent) => sent[0] === 2).length, 1);
});

test("what is parsed is acknowledged every 32 KiB, and the rest when idle", () => {
  const { clock, holder, network } = connected();
  holder.print(new Uint8Array(200 * 1024).fill(97));
  clock.advance(20);
  const acks = () => network.last.sent.filter((sent) => sent[0] === 3).length;
  assert.equal(acks(), 6);
  clock.advance(200);
  assert.equal(acks(), 7);
  assert.equal([...holder.links][0].acked, holder.head);
});

test("a server that closes with 1012 or 4503, or a lost network, is tried again", () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 4503]) {
    const { clock, network, ada } = connected();
    network.cut(code);
    assert.equal(ada.connection.state, "waiting");
    clock.advance(1_000);
    assert.equal(ada.connection.state, "live", `after ${code}`);
  }
});

test("signed out, not allowed, gone, taken over and malformed are final until someone asks", () => {
  const reasons = { 4400: "malformed", 4401: "signed_out", 4403: "not_allowed", 4404: "gone", 4409: "taken_over" };
  for (const [code, reason] of Object.entries(reasons)) {
    const { clock, network, ada } = connected();
    network.cut(Number(code));
    clock.advance(60_000);
    assert.equal(ada.connection.state, "refused");
    assert.equal(ada.connection.refusal.reason, reason);
    assert.equal(network.sockets.length, 1);
    ada.connection.reconnect();
    clock.advance(100);
    assert.equal(ada.connection.state, "live");
  }
});

test("too many: it stays away for at least 5 s", () => {
  const { clock, network } = connected();
  network.cut(4429);
  clock.advance(4_999);
  assert.equal(network.sockets.length, 1);
  clock.advance(1_000);
  assert.equal(network.sockets.length, 2);
});

/** The next `count` waits while every upgrade is refused, with jitter at its ceiling, in whole milliseconds. */
function waitsOf({ clock, ada }, count) {
  return Array.from({ length: count }, () => {
    const wait = ada.connection.retryAt - clock.now();
    clock.advance(wait + TRIP_MS);
    return Math.round(wait);
  });
}

test("waits are short for a minute, then grow to 10 s, with full jitter, and start anew after success", () => {
  const world = connected({ random: () => 0.999999 });
  world.network.refuseWith = 4503;
  world.network.cut();
  assert.deepEqual(waitsOf(world, 5), [250, 500, 1000, 1500, 1500]);
  assert.deepEqual(waitsOf(world, 60).slice(-7), [1500, 1500, 3000, 6000, 10000, 10000, 10000]);
  world.network.refuseWith = null;
  world.ada.connection.reconnect();
  world.clock.advance(100);
  world.network.cut();
  assert.deepEqual(waitsOf(world, 1), [250]);
});

test("focus, network or a visible page bring it back at once", () => {
  const { clock, network, ada } = connected();
  network.cut(4429);
  ada.connection.wake();
  clock.advance(100);
  assert.equal(ada.connection.state, "live");
});

test("without a network it says so, and still tries seldom", () => {
  const { clock, network, ada } = connected({ isOnline: () => false });
  network.cut();
  assert.equal(ada.connection.state, "offline");
  clock.advance(4_900);
  assert.equal(network.sockets.length, 1);
  clock.advance(1_000);
  assert.equal(ada.connection.state, "live");
});

test("a link that is dead without having been closed is found out and made again", () => {
  const { clock, network, ada } = connected();
  network.last.stall();
  clock.advance(26_000);
  assert.equal(network.sockets.length, 2);
  assert.equal(ada.connection.state, "live");
});

test("coming back to a dead link is noticed within 3 s", () => {
  const { clock, network, ada } = connected();
  network.last.stall();
  ada.connection.wake();
  clock.advance(3_500);
  assert.equal(ada.connection.state, "live");
  assert.equal(network.sockets.length, 2);
});

test("a quiet link that answers pings stays", () => {
  const { clock, network } = connected();
  clock.advance(10 * 60_000);
  assert.equal(network.sockets.length, 1);
});

test("an upgrade that never ends in a welcome is given up after 20 s", () => {
  const world = setUp();
  const ada = viewer(world);
  ada.connection.connect();
  world.network.last.stall();
  world.clock.advance(21_000);
  assert.equal(ada.connection.state, "live");
});

test("the exit comes after the last output, ends the link and is not followed by another", () => {
  const { clock, holder, network, ada } = connected();
  holder.print(bytes("logout\r\n"));
  holder.exit(3);
  clock.advance(100);
  assert.deepEqual(ada.exits, [3]);
  assert.ok(ada.screen.text.endsWith("logout\r\n"));
  assert.equal(ada.connection.state, "ended");
  ada.connection.wake();
  ada.connection.reconnect();
  clock.advance(60_000);
  assert.equal(network.sockets.length, 1);
  assert.equal(ada.connection.send(bytes("x")), false);
});

test("a late joiner sees the output and then the exit", () => {
  const world = setUp();
  world.holder.print(bytes("bye"));
  world.holder.exit(130);
  const ada = viewer(world);
  ada.connection.connect();
  world.clock.advance(100);
  assert.ok(ada.screen.text.endsWith("bye"));
  assert.deepEqual(ada.exits, [130]);
});

test("the same client elsewhere closes the older link, which stays away", () => {
  const { clock, network, ada } = connected();
  const other = viewer({ clock, network });
  other.connection.connect();
  clock.advance(60_000);
  assert.equal(ada.connection.refusal.reason, "taken_over");
  assert.equal(other.connection.state, "live");
});

test("output with a hole, an unknown frame and broken JSON end the link as malformed", () => {
  for (const message of [Uint8Array.of(0x21, 0, 0, 0, 0, 0, 0, 0, 99, 65), Uint8Array.of(0x7f), "{"]) {
    const { clock, holder, network, ada } = connected();
    holder.print(bytes("x"));
    clock.advance(10);
    network.last.deliver(message);
    clock.advance(60_000);
    assert.equal(ada.connection.refusal.reason, "malformed");
    assert.equal(network.last.closedWith, 4400);
    assert.equal(ada.notices.at(-1).code, "malformed");
  }
});
