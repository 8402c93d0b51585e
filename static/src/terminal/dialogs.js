/** Questions and the list of keys, in the browser's own <dialog>: it holds the focus and closes on Escape. */
import { SHORTCUTS } from "../lib/shortcuts.js";
import { element, textButton } from "./dom.js";

/**
 * Ask; resolves to true when the person agrees, false on Cancel, Escape or a click outside.
 * `kind` is the class of the agreeing button.
 */
export function ask({ title, text, yes, no = "Cancel", kind = "primary" }) {
  const { promise, resolve } = deferred();
  const agree = textButton(yes, () => dialog.close("yes"), kind);
  const actions = element("div", { class: "terminal-dialog-actions" }, textButton(no, () => dialog.close()), agree);
  const dialog = open(title, element("p", { class: "muted" }, text), actions);
  dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  agree.focus();
  return promise;
}

/** Show the keys and the few choices of the terminal page. */
export function showHelp(preferences) {
  const keys = SHORTCUTS.flatMap(({ label, help }) => [
    element("dt", {}, help),
    element("dd", {}, ...label.split("+").map((key) => element("kbd", {}, key))),
  ]);
  const close = textButton("Close", () => dialog.close());
  const dialog = open(
    "Keys",
    element("dl", { class: "terminal-keys" }, ...keys),
    element("p", { class: "muted small" }, "On a tab: arrow keys change the terminal, F2 renames, Delete closes."),
    screenReaderChoice(preferences),
    element("div", { class: "terminal-dialog-actions" }, close),
  );
  close.focus();
}

function screenReaderChoice(preferences) {
  const box = element("input", { type: "checkbox", on: { change: () => (preferences.screenReader = box.checked) } });
  box.checked = preferences.screenReader;
  return element("label", { class: "terminal-choice" }, box, "Read output to screen readers (slower)");
}

function open(title, ...body) {
  const id = `dialog-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const heading = element("h2", { id }, title);
  const content = element("div", { class: "dialog-body" }, heading, ...body);
  const dialog = element("dialog", { class: "dialog terminal-dialog", "aria-labelledby": id }, content);
  // The body covers the dialog's whole face, so a click on the dialog itself is one on its backdrop.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function deferred() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}
