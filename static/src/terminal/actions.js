/**
 * Everything the terminals of a page can do, in one list: for the keys, the list of keys and the command palette,
 * which asks for it as lib/words/actions.js says.
 */
import { SHORTCUTS } from "../lib/typing/shortcuts.js";

// What has no key of its own.
const MORE = [
  { action: "move-left", help: "Move the tab to the left" },
  { action: "move-right", help: "Move the tab to the right" },
  { action: "next-pane", help: "Go to the next pane" },
  { action: "people", help: "Who is here, and hand the keyboard on" },
  { action: "reconnect", help: "Reconnect the terminal" },
];

/** Return [{id, label, keys, run}] for the actions that `runs` ({action: function}) has; `keys` is null without a key. */
export function actionsOf(runs) {
  return [...SHORTCUTS, ...MORE]
    .filter(({ action }) => runs[action])
    .map(({ action, help, label = null }) => ({ id: action, label: help, keys: label, run: runs[action] }));
}
