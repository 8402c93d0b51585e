import assert from "node:assert/strict";
import { test } from "node:test";

import { matches, parse } from "../../static/src/lib/words/search.js";

const ROW = {
  text: "payments api debian ada lovelace",
  status: "running",
  owner: "ada lovelace",
  template: "debian debian",
  isMine: true,
};

const finds = (text, row = ROW) => matches(parse(text), row);

test("every word has to be found", () => {
  assert.ok(finds("pay DEBIAN"));
  assert.ok(!finds("pay busybox"));
  assert.ok(finds(""));
});

test("columns are narrowed by their keys", () => {
  assert.ok(finds("status:running owner:ada template:deb pay"));
  assert.ok(!finds("status:stopped"));
  assert.ok(!finds("owner:ben"));
});

test("owner:me is who looks", () => {
  assert.ok(finds("owner:me"));
  assert.ok(!finds("owner:me", { ...ROW, isMine: false }));
});

test("a key without a value narrows nothing yet, and an unknown key is text", () => {
  assert.ok(finds("status:"));
  assert.ok(!finds("colour:red"));
});
