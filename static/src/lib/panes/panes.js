/**
 * The tree of panes in one tab, as plain values that are never changed: {terminal} is a pane, {split, share, first,
 * second} two nodes side by side ("right") or one above the other ("down"), where `share` is the first one's part.
 * Twin: sessions/workspace/layout.py, which refuses what does not look like this.
 */

export const PANES_PER_TAB = 16;
const LEAST_SHARE = 0.1;
const MOST_SHARE = 0.9;

const WHOLE = { x: 0, y: 0, width: 1, height: 1 };
// Neighbours touch, but for what is lost in multiplying shares.
const NEARLY = 1e-6;

/** Return the ids of a tree's terminals, from left to right and from top to bottom. */
export function terminalsOf(node) {
  return "terminal" in node ? [node.terminal] : [...terminalsOf(node.first), ...terminalsOf(node.second)];
}

/** Return the tree with `added` beside ("right") or below ("down") the pane of `terminal`, which gives it half its room. */
export function splitAt(node, terminal, direction, added) {
  if (node.terminal === terminal) return { split: direction, share: 0.5, first: node, second: { terminal: added } };
  if ("terminal" in node) return node;
  return {
    ...node,
    first: splitAt(node.first, terminal, direction, added),
    second: splitAt(node.second, terminal, direction, added),
  };
}

/** Return the tree with only the terminals that `isKept` approves of, null when none is left; neighbours take the room. */
export function keeping(node, isKept) {
  if ("terminal" in node) return isKept(node.terminal) ? node : null;
  const [first, second] = [keeping(node.first, isKept), keeping(node.second, isKept)];
  return first && second ? { ...node, first, second } : (first ?? second);
}

/** Return the tree with another share at the split that `path` leads to: "" is the root, "1" and "2" its children… */
export function resizedAt(node, path, share) {
  if ("terminal" in node) return node;
  if (path === "") return { ...node, share: clampShare(share) };
  const side = path[0] === "1" ? "first" : "second";
  return { ...node, [side]: resizedAt(node[side], path.slice(1), share) };
}

/** Keep a share where both sides can still be seen, with as many digits as the server keeps. */
export function clampShare(share) {
  return Number(Math.min(MOST_SHARE, Math.max(LEAST_SHARE, share)).toFixed(4));
}

/** Return where each pane stands: [{terminal, area}], `area` as {x, y, width, height} in parts of the whole. */
export function placesOf(node, area = WHOLE) {
  if ("terminal" in node) return [{ terminal: node.terminal, area }];
  const [first, second] = halves(node, area);
  return [...placesOf(node.first, first), ...placesOf(node.second, second)];
}

/** Return the lines between panes: [{path, split, share, area}], `area` that of both sides together. */
export function dividersOf(node, area = WHOLE, path = "") {
  if ("terminal" in node) return [];
  const [first, second] = halves(node, area);
  const own = { path, split: node.split, share: node.share, area };
  return [own, ...dividersOf(node.first, first, `${path}1`), ...dividersOf(node.second, second, `${path}2`)];
}

/** Return the path of the innermost split around a terminal, null when it has the tab for itself. */
export function splitAround(node, terminal, path = "") {
  if ("terminal" in node || !terminalsOf(node).includes(terminal)) return null;
  return splitAround(node.first, terminal, `${path}1`) ?? splitAround(node.second, terminal, `${path}2`) ?? path;
}

/** Return the terminal whose pane is the nearest one to the "left", "right", "up" or "down" of another's; null for none. */
export function neighbourOf(node, terminal, direction) {
  const places = placesOf(node);
  const { area: from } = places.find((place) => place.terminal === terminal);
  const [side, across] = direction === "left" || direction === "right" ? ["x", "y"] : ["y", "x"];
  const isForward = direction === "right" || direction === "down";
  const touching = places.filter(({ area }) => {
    const gap = isForward ? start(area, side) - end(from, side) : start(from, side) - end(area, side);
    return Math.abs(gap) < NEARLY && overlap(from, area, across) > NEARLY;
  });
  const best = touching.sort((a, b) => overlap(from, b.area, across) - overlap(from, a.area, across))[0];
  return best?.terminal ?? null;
}

function halves({ split, share }, { x, y, width, height }) {
  if (split === "right") {
    return [
      { x, y, width: width * share, height },
      { x: x + width * share, y, width: width * (1 - share), height },
    ];
  }
  return [
    { x, y, width, height: height * share },
    { x, y: y + height * share, width, height: height * (1 - share) },
  ];
}

function start(area, side) {
  return area[side];
}

function end(area, side) {
  return area[side] + (side === "x" ? area.width : area.height);
}

function overlap(one, other, side) {
  return Math.min(end(one, side), end(other, side)) - Math.max(start(one, side), start(other, side));
}
