/** The keys of this page, and what can be chosen about them. */
import { PAGE_SHORTCUTS, SHORTCUTS } from "../lib/typing/shortcuts.js";
import { element } from "../terminal/dom.js";

/** `choices` is a KeyChoices. */
export function showHelp(choices, { isMac }) {
  const hasTerminal = document.getElementById("terminal-workspace") !== null;
  const dialog = element(
    "dialog",
    { class: "dialog", "aria-labelledby": "keys-title" },
    element(
      "div",
      { class: "dialog-body" },
      element("h2", { id: "keys-title" }, "Keyboard shortcuts"),
      list(PAGE_SHORTCUTS),
      ...(hasTerminal ? [element("h3", {}, "In a terminal"), list(SHORTCUTS)] : []),
      element("hr"),
      choice("Single keys (/ and ?)", choices, "areSingleKeysOn"),
      isMac ? null : choice("In a terminal, Ctrl+K goes straight to the shell", choices, "isCtrlKForShell"),
      element("p", { class: "muted small" }, explained(isMac)),
      element(
        "form",
        { method: "dialog", class: "form-actions" },
        element("button", { class: "button", autofocus: true }, "Close"),
      ),
    ),
  );
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function explained(isMac) {
  return isMac
    ? "In a terminal Ctrl+K goes to the shell and Cmd+K opens the palette."
    : "In a terminal Ctrl+K opens the palette; pressed again it closes it and goes to the shell.";
}

function list(shortcuts) {
  const rows = shortcuts.flatMap(({ label, help }) => [
    element("dt", {}, help),
    element("dd", {}, ...label.split("+").map((key) => element("kbd", { class: "key" }, key))),
  ]);
  return element("dl", { class: "keys" }, ...rows);
}

function choice(label, choices, name) {
  const box = element("input", { type: "checkbox", on: { change: () => (choices[name] = box.checked) } });
  box.checked = choices[name];
  return element("label", { class: "check" }, box, label);
}
