import assert from "node:assert/strict";
import { test } from "node:test";

import { calledIn, handedSentence, heirsOf, initialsOf, partOf, peopleSentence } from "../../static/src/lib/words/people.js";

const person = (name, facts) => ({ name, mayDrive: true, isDriver: false, isMe: false, ...facts });

test("who types and who looks is a sentence", () => {
  const me = person("Ada", { isMe: true });
  const driving = person("Ada", { isMe: true, isDriver: true });
  assert.equal(peopleSentence([driving], true), "");
  assert.equal(peopleSentence([], true), "");
  assert.equal(peopleSentence([me], true), "Nobody is typing: the first key takes the keyboard");
  assert.equal(peopleSentence([me, person("Bob")], false), "Nobody is typing · Bob looks on");
  assert.equal(peopleSentence([driving, person("Bob")], true), "You are typing · Bob looks on");
  assert.equal(peopleSentence([me, person("Bob", { isDriver: true })], true), "Bob is typing");
  assert.equal(peopleSentence([me, person("Ada", { isDriver: true })], true), "You are typing in another tab");
  assert.equal(peopleSentence([driving, person("Ada"), person("Ada")], true), "You are typing · your other tab looks on");
  const crowd = ["Bob", "Cy", "Di", "Eve", "Flo"].map((name) => person(name));
  assert.equal(peopleSentence([driving, ...crowd], true), "You are typing · Bob, Cy, Di, and 2 more look on");
});

test("each is called by name, but for oneself", () => {
  const me = person("Ada", { isMe: true });
  const called = (viewer) => calledIn([me, viewer], viewer);
  assert.deepEqual([me, person("Ada"), person("Bob")].map(called), ["Ada (you)", "You, in another tab", "Bob"]);
  const parts = [person("A", { isDriver: true }), person("B"), person("C", { mayDrive: false })].map(partOf);
  assert.deepEqual(parts, ["Typing", "Looking", "May only look"]);
});

test("who types can hand the keyboard to everybody who may", () => {
  const me = person("Ada", { link: 1, isMe: true, isDriver: true });
  const others = [person("Bob", { link: 2 }), person("Vera", { link: 3, mayDrive: false }), person("Ada", { link: 4 })];
  assert.deepEqual(heirsOf([me, ...others]), [
    { link: 2, label: "Hand keyboard to Bob" },
    { link: 4, label: "Hand keyboard to your other tab" },
  ]);
  assert.deepEqual(heirsOf([{ ...me, isDriver: false }, ...others]), []);
  assert.deepEqual(heirsOf([]), []);
});

test("the news says who handed the keyboard over", () => {
  const viewers = [person("Ada", { isMe: true })];
  assert.equal(handedSentence(viewers, person("Bob")), "Bob handed you the keyboard.");
  assert.equal(handedSentence(viewers, person("Ada")), "The keyboard was handed over to this tab.");
  assert.equal(handedSentence(viewers, null), "You were handed the keyboard.");
});

test("a face has the first letters of a name", () => {
  assert.deepEqual(["Ada Lovelace", "bob@example.com", "ann-marie", "Élodie", " ", "🦀 crab"].map(initialsOf), [
    "AL",
    "B",
    "AM",
    "É",
    "",
    "🦀C",
  ]);
});
