import assert from "node:assert/strict";
import { test } from "node:test";

import { Layout } from "../../static/src/lib/panes/layout.js";
import { dividersOf, neighbourOf, placesOf, resizedAt, splitAround, terminalsOf } from "../../static/src/lib/panes/panes.js";

const pane = (terminal) => ({ terminal });
const split = (direction, first, second, share = 0.5) => ({ split: direction, share, first, second });
/** a | b over c */
const TREE = split("right", pane("a"), split("down", pane("b"), pane("c")), 0.25);

function layoutOf(...ids) {
  const layout = new Layout();
  ids.forEach((id) => layout.add(id));
  return layout;
}

const tabsOf = (layout) => layout.tabs.map(({ terminals }) => terminals.join(""));

test("panes share their place without a gap", () => {
  assert.deepEqual(placesOf(TREE), [
    { terminal: "a", area: { x: 0, y: 0, width: 0.25, height: 1 } },
    { terminal: "b", area: { x: 0.25, y: 0, width: 0.75, height: 0.5 } },
    { terminal: "c", area: { x: 0.25, y: 0.5, width: 0.75, height: 0.5 } },
  ]);
});

test("each split has a divider that knows its way", () => {
  assert.deepEqual(
    dividersOf(TREE).map(({ path, split: direction }) => [path, direction]),
    [
      ["", "right"],
      ["2", "down"],
    ],
  );
  assert.deepEqual([splitAround(TREE, "a"), splitAround(TREE, "c"), splitAround(pane("a"), "a")], ["", "2", null]);
  const moved = resizedAt(TREE, "2", 0.97);
  assert.deepEqual([moved.share, moved.second.share, TREE.second.share], [0.25, 0.9, 0.5]);
});

test("the focus moves to what is seen on that side", () => {
  const grid = split("down", split("right", pane("a"), pane("b"), 0.3), split("right", pane("c"), pane("d")));
  const from = (id) => ["left", "right", "up", "down"].map((direction) => neighbourOf(grid, id, direction));
  assert.deepEqual(from("a"), [null, "b", null, "c"]);
  assert.deepEqual(from("b"), ["a", null, null, "d"]);
  assert.deepEqual(from("c"), [null, "d", "a", null]);
});

test("a split gives the new pane the focus, and its end gives it back", () => {
  const layout = layoutOf("a", "b");
  layout.split("right", "c");
  layout.split("down", "d");
  assert.deepEqual([tabsOf(layout), layout.active], [["a", "bcd"], "d"]);
  layout.remove("d");
  assert.deepEqual([tabsOf(layout), layout.active], [["a", "bc"], "c"]);
  layout.remove("b");
  layout.remove("c");
  assert.deepEqual([tabsOf(layout), layout.active], [["a"], "a"]);
  layout.remove("a");
  assert.deepEqual([layout.tabs, layout.active, layout.places(), layout.towards("up")], [[], null, [], null]);
});

test("what ends in a tab that is not shown changes nothing that is", () => {
  const layout = layoutOf("a", "b", "c");
  layout.show("b");
  layout.remove("a");
  assert.equal(layout.active, "b");
  layout.remove("c");
  assert.equal(layout.active, "b");
});

test("tabs move, and the shown one stays the shown one", () => {
  const layout = layoutOf("a", "b", "c");
  const key = layout.tabs[0].key;
  assert.equal(layout.move(key, 2), true);
  assert.deepEqual([tabsOf(layout), layout.active], [["b", "c", "a"], "c"]);
  assert.equal(layout.move(key, 99), false);
  layout.step(1);
  assert.equal(layout.active, "a");
  layout.step(1);
  assert.equal(layout.active, "b");
});

test("a zoomed pane is alone until the focus moves on", () => {
  const layout = layoutOf("a");
  layout.zoom();
  assert.equal(layout.tabs[0].isZoomed, false);
  layout.split("right", "b");
  layout.zoom();
  assert.deepEqual([layout.places().map(({ terminal }) => terminal), layout.dividers()], [["b"], []]);
  layout.show("a");
  assert.deepEqual(
    layout.places().map(({ terminal }) => terminal),
    ["a", "b"],
  );
  assert.deepEqual(
    layout.places(true).map(({ terminal }) => terminal),
    ["a"],
  );
  assert.equal(layout.following, "b");
});

test("a tab takes sixteen panes", () => {
  const layout = layoutOf("t0");
  for (let number = 1; number < 16; number += 1) {
    assert.equal(layout.hasRoom, true);
    layout.split("down", `t${number}`);
  }
  assert.equal(layout.hasRoom, false);
});

test("a layout comes back without what is gone, and with what is new", () => {
  const layout = layoutOf("x", "a");
  layout.split("right", "b");
  layout.resize("", 0.3);
  const kept = JSON.parse(JSON.stringify(layout));
  const same = Layout.restore(kept, ["a", "b", "x"]);
  assert.deepEqual(JSON.parse(JSON.stringify(same)), kept);
  const changed = Layout.restore(kept, ["n", "b"]);
  assert.deepEqual([tabsOf(changed), changed.active], [["b", "n"], "n"]);
  assert.deepEqual(tabsOf(Layout.restore(null, ["a", "b"])), ["a", "b"]);
  assert.deepEqual([terminalsOf(kept.tabs[1].root), kept.tabs[1].root.share], [["a", "b"], 0.3]);
});
