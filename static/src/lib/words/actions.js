/**
 * How a part of a page offers its own actions to the command palette without either knowing the other. Both are scripts
 * of their own, so they meet at an event: the palette asks, whoever is there answers, and without anybody the list is empty.
 *
 * An action is {id, label, run()} and may have `keys`, its shortcut as it is written for people, and `note`, a word more.
 * `run` is called when the palette is closed and the focus is back where it was.
 */

const ASKED = "sandlot:actions";

/** Answer every question at `document` with what `list()` returns then. Returns a function that takes the offer back. */
export function offerActions(document, list) {
  const answer = ({ detail }) => detail.push(...list());
  document.addEventListener(ASKED, answer);
  return () => document.removeEventListener(ASKED, answer);
}

/** Ask who is on the page for its actions. */
export function offeredActions(document) {
  const actions = [];
  document.dispatchEvent(new CustomEvent(ASKED, { detail: actions }));
  return actions;
}
