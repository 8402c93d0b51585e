import assert from "node:assert/strict";
import { test } from "node:test";

import { match } from "../../static/src/lib/words/fuzzy.js";

/** The text with what matched in brackets; null when it does not match. */
function marked(typed, text) {
  const found = match(typed, text);
  if (!found) return null;
  return found.marks.reduceRight(
    (shown, [from, to]) => `${shown.slice(0, from)}[${shown.slice(from, to)}]${shown.slice(to)}`,
    text,
  );
}

function order(typed, ...texts) {
  return texts.filter((text) => match(typed, text)).sort((a, b) => match(typed, b).score - match(typed, a).score);
}

test("letters match in order, whatever their case", () => {
  assert.equal(marked("PAY", "payments-api"), "[pay]ments-api");
  assert.equal(marked("yap", "pay"), null);
});

test("starts of words are preferred to letters inside them", () => {
  assert.equal(marked("pa", "Payments API"), "[Pa]yments API");
  assert.equal(marked("na", "banana Nice Apple"), "banana [N]ice [A]pple");
  assert.equal(marked("ns", "newSandbox"), "[n]ew[S]andbox");
});

test("a run beats the same letters far apart", () => {
  assert.deepEqual(order("otter", "o t t e r", "quiet-otter"), ["quiet-otter", "o t t e r"]);
  assert.equal(marked("art", "a r restart"), "a r rest[art]");
});

test("every word has to be there, in any order", () => {
  assert.equal(marked("api pay", "Payments API"), "[Pay]ments [API]");
  assert.equal(marked("pay rest", "Payments API"), null);
});

test("nothing typed matches everything", () => {
  assert.deepEqual(match("  ", "Payments"), { score: 0, marks: [] });
});

test("letters beyond the basic plane and capitals that grow keep their places", () => {
  assert.equal(marked("ada", "İ Ada"), "İ [Ada]");
  assert.equal(marked("vera", "😀 Vera"), "😀 [Vera]");
});

test("a long text and a long query end in bounded time", () => {
  assert.equal(match("a".repeat(100_000), "b".repeat(100_000)), null);
  assert.ok(match("ab", "ab".repeat(100_000)));
});
