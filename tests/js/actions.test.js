import assert from "node:assert/strict";
import { test } from "node:test";

import { offerActions, offeredActions } from "../../static/src/lib/words/actions.js";

test("everybody who offers is asked, each time anew", () => {
  const page = new EventTarget();
  assert.deepEqual(offeredActions(page), []);
  let label = "Split";
  const takeBack = offerActions(page, () => [{ id: "split", label }]);
  offerActions(page, () => [{ id: "new", label: "New terminal" }]);
  label = "Split right";
  assert.deepEqual(
    offeredActions(page).map((action) => action.label),
    ["Split right", "New terminal"],
  );
  takeBack();
  assert.deepEqual(
    offeredActions(page).map(({ id }) => id),
    ["new"],
  );
});
