/** Questions and the list of keys, in the browser's own <dialog>: it holds the focus and closes on Escape. */
import { element, textButton } from "../dom.js";

/**
 * Ask; resolves to true when the person agrees, false on Cancel, Escape or a click outside.
 * `kind` is the class of the agreeing button.
 */
export function ask({ title, text, yes, no = "Cancel", kind = "primary" }) {
  const { promise, resolve } = deferred();
  const agree = textButton(yes, () => dialog.close("yes"), kind);
  const actions = element(
    "div",
    { class: "terminal-dialog-actions" },
    textButton(no, () => dialog.close()),
    agree,
  );
  const dialog = openDialog(title, element("p", { class: "muted" }, text), actions);
  dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  agree.focus();
  return promise;
}

/** Show what the terminal page can do: `actions` as in actions.js. */
export function showHelp(actions) {
  const keys = actions
    .filter((action) => action.keys)
    .flatMap(({ label, keys: held }) => [
      element("dt", {}, label),
      element("dd", {}, ...held.split("+").map((key) => element("kbd", {}, key))),
    ]);
  const close = textButton("Close", () => dialog.close());
  const dialog = openDialog(
    "Keys",
    element("dl", { class: "terminal-keys" }, ...keys),
    element(
      "p",
      { class: "muted small" },
      "On a tab: arrow keys show another one, with Shift they move it; F2 renames, Delete closes. It is dragged by mouse, or by a finger that holds it first. A right click copies the selection or pastes; with Shift it opens the browser's menu.",
    ),
    element("div", { class: "terminal-dialog-actions" }, close),
  );
  // The list is longer than a small window: it is read from its beginning.
  close.focus({ preventScroll: true });
}

/** Show a dialog with a heading; it is gone once it is closed. */
export function openDialog(title, ...body) {
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

/** A promise and what settles it. */
export function deferred() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}
