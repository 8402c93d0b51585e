import assert from "node:assert/strict";
import { test } from "node:test";

import { Answers } from "../../static/src/lib/typing/answers.js";
import { FakeClock } from "./fake-clock.js";
import { FakeHolder } from "./fake-holder.js";
import { FakeNetwork } from "./fake-network.js";
import * as frames from "./frames.js";
import { bytes, viewer } from "./viewer.js";

const START = bytes("");
const DEVICE = bytes("\x1b[0c");

function linked(isTold = true, unsent = []) {
  const answers = new Answers();
  answers.welcomed(isTold, unsent);
  return answers;
}

test("nothing is answered before the holder says from where on", () => {
  const answers = linked();
  assert.equal(answers.maySend(true), false);
  assert.equal(answers.asked(DEVICE), null);
  assert.equal(answers.asked(START), null);
  assert.equal(answers.maySend(true), true);
  assert.equal(answers.asked(DEVICE), DEVICE);
});

test("a new link, an old screen and another driver end it", () => {
  const answers = linked();
  answers.asked(START);
  answers.stop();
  assert.equal(answers.maySend(true), false);
  answers.asked(START);
  answers.welcomed(true, []);
  assert.equal(answers.maySend(true), false);
});

test("a holder that does not say it leaves it to the live link", () => {
  const answers = linked(false);
  assert.deepEqual([answers.maySend(true), answers.maySend(false)], [true, false]);
});

test("a question whose answer is sent again is not answered twice", () => {
  const unsent = [bytes("ls\r\x1b[?1;2c"), bytes("\x1b]11;rgb:0000/0000/0000\x1b\\")];
  const answers = linked(true, unsent);
  answers.asked(START);
  assert.equal(answers.asked(DEVICE), null);
  assert.equal(answers.asked(bytes("\x1b]11;?\x07")), null);
  assert.equal(answers.asked(bytes("\x1b[6n")).length, 4);
});

test("only the link that drives is asked", () => {
  const clock = new FakeClock();
  const holder = new FakeHolder();
  holder.queries = true;
  const network = new FakeNetwork(holder, clock);
  const ada = viewer({ clock, network });
  ada.connection.connect();
  clock.advance(100);
  assert.equal(ada.connection.mayAnswer, false);
  for (const query of [START, DEVICE]) holder.driver.send(frames.query(query));
  clock.advance(10);
  assert.equal(ada.connection.mayAnswer, true);
  assert.deepEqual(ada.asked, ["\x1b[0c"]);
  ada.connection.giveKeyboard();
  clock.advance(100);
  assert.equal(ada.connection.mayAnswer, false);
});
