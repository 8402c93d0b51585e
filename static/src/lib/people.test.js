import assert from "node:assert/strict";
import { test } from "node:test";

import { initialsOf, peopleSentence } from "./people.js";

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
  const crowd = ["Bob", "Cy", "Di", "Eve", "Flo"].map((name) => person(name));
  assert.equal(peopleSentence([driving, ...crowd], true), "You are typing · Bob, Cy, Di, and 2 more look on");
});

test("a face has the first letters of a name", () => {
  assert.deepEqual(["Ada Lovelace", "bob@example.com", "ann-marie", "Élodie", " ", "🦀 crab"].map(initialsOf), ["AL", "B", "AM", "É", "", "🦀C"]);
});
