/**
 * Every key of the pages, in one place: the dialogs that list them and the README say what stands here.
 *
 * The terminal page's own keys all hold Ctrl+Shift: shells and full-screen programs see no difference between Ctrl and
 * Ctrl+Shift with a letter and so do not use it, and these are not the ones that browsers keep for themselves. Left out
 * are those that only Shift makes, as Ctrl+_ (undo) and Ctrl+@ (mark): a shell needs them.
 */

/** {action, code, label, help}. `code` is the physical key: Shift changes what it types, and layouts do too. */
export const SHORTCUTS = [
  { action: "new", code: "Enter", label: "Ctrl+Shift+Enter", help: "New terminal" },
  { action: "split-right", code: "Backslash", label: "Ctrl+Shift+\\", help: "Split right" },
  { action: "split-down", code: "KeyD", label: "Ctrl+Shift+D", help: "Split down" },
  { action: "close", code: "Backspace", label: "Ctrl+Shift+Backspace", help: "Close the terminal" },
  { action: "rename", code: "KeyL", label: "Ctrl+Shift+L", help: "Rename the terminal" },
  { action: "previous", code: "BracketLeft", label: "Ctrl+Shift+[", help: "Previous tab" },
  { action: "next", code: "BracketRight", label: "Ctrl+Shift+]", help: "Next tab" },
  { action: "left", code: "ArrowLeft", label: "Ctrl+Shift+←", help: "Go to the pane on the left" },
  { action: "right", code: "ArrowRight", label: "Ctrl+Shift+→", help: "Go to the pane on the right" },
  { action: "up", code: "ArrowUp", label: "Ctrl+Shift+↑", help: "Go to the pane above" },
  { action: "down", code: "ArrowDown", label: "Ctrl+Shift+↓", help: "Go to the pane below" },
  { action: "zoom", code: "KeyZ", label: "Ctrl+Shift+Z", help: "Zoom the pane, and back" },
  { action: "resize", code: "KeyS", label: "Ctrl+Shift+S", help: "Resize the pane with the arrow keys" },
  { action: "search", code: "KeyF", label: "Ctrl+Shift+F", help: "Search in the output" },
  { action: "copy", code: "KeyC", label: "Ctrl+Shift+C", help: "Copy the selection" },
  { action: "paste", code: "KeyV", label: "Ctrl+Shift+V", help: "Paste" },
  { action: "larger", code: "Period", label: "Ctrl+Shift+.", help: "Larger text" },
  { action: "smaller", code: "Comma", label: "Ctrl+Shift+,", help: "Smaller text" },
  { action: "keyboard", code: "KeyG", label: "Ctrl+Shift+G", help: "Take the keyboard, or let others type" },
  { action: "full", code: "KeyM", label: "Ctrl+Shift+M", help: "Fill the window, and back" },
  { action: "settings", code: "KeyO", label: "Ctrl+Shift+O", help: "Terminal settings" },
  { action: "palette", code: "KeyK", label: "Ctrl+Shift+K", help: "Command palette" },
  { action: "leave", code: "KeyE", label: "Ctrl+Shift+E", help: "Leave the terminal, to its tab" },
  { action: "help", code: "Slash", label: "Ctrl+Shift+/", help: "Show these keys" },
];

/** Return the label of an action's keys, for a button's name: "Search (Ctrl+Shift+F)". */
export function named(action) {
  const { help, label } = /** @type {typeof SHORTCUTS[number]} */ (SHORTCUTS.find((shortcut) => shortcut.action === action));
  return `${help} (${label})`;
}

const MAC_KEYS = { c: "copy", v: "paste", f: "search" };

/** {action, key, label, help}: the keys of every page. The single ones are not for fields and terminals. */
export const PAGE_SHORTCUTS = [
  { action: "palette", key: "k", label: "Ctrl+K", help: "Command palette (Cmd+K on a Mac)" },
  { action: "filter", key: "/", label: "/", help: "Filter the list" },
  { action: "help", key: "?", label: "?", help: "Show these keys" },
];

/** Whether a keydown is Ctrl+K or, on a Mac, Cmd+K: there Ctrl+K belongs to the text field, as in every other program. */
export function isPaletteKey(event, isMac) {
  const { ctrlKey, metaKey, shiftKey, altKey } = event;
  return isLetterK(event) && !shiftKey && !altKey && (isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey);
}

/** By what is typed, or by the place of the key where letters are not Latin. */
function isLetterK({ key, code }) {
  return /^[a-z]$/i.test(key) ? key.toLowerCase() === "k" : code === "KeyK";
}

/** Return the action of a single key on a page, or null. `event` must not come from a field or a terminal. */
export function pageShortcutOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  return PAGE_SHORTCUTS.find(({ action, key }) => action !== "palette" && key === event.key)?.action ?? null;
}

/** Return the action a keydown asks for, or null when it belongs to the terminal. Cmd+C, V and F work on a Mac. */
export function shortcutOf(event, isMac) {
  if (isMac && event.metaKey && !event.ctrlKey && !event.altKey && !event.shiftKey) {
    return MAC_KEYS[event.key.toLowerCase()] ?? null;
  }
  if (!event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey) return null;
  return SHORTCUTS.find(({ code }) => code === event.code)?.action ?? null;
}

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "NumLock", "ScrollLock", "Fn", "OS"]);

/** Whether a keydown is meant as typing: not a modifier alone, and not a combination for the browser or the system. */
export function isTyping(event) {
  return !MODIFIERS.has(event.key) && !event.metaKey;
}

/** Whether xterm.js scrolls at this keydown. */
export function isScrolling({ key, shiftKey }) {
  return shiftKey && (key === "PageUp" || key === "PageDown");
}
