/** Asks before a paste whose lines would run one after the other. */
import { asOneLine, excerptOf, lineCount } from "../../lib/typing/paste.js";
import { deferred, openDialog } from "./dialogs.js";
import { element, textButton } from "../dom.js";

/**
 * Resolves to {text, isAskedAgain}: what to paste, as it is or on one line, null on Cancel; and whether to ask the next
 * time.
 */
export function askToPaste(text) {
  const { promise, resolve } = deferred();
  const never = element("input", { type: "checkbox" });
  const paste = textButton("Paste", () => dialog.close("as-it-is"), "primary");
  const dialog = openDialog(
    `Paste ${lineCount(text).toLocaleString("en")} lines?`,
    element(
      "p",
      { class: "muted" },
      "What runs in this terminal takes a paste as typing: each line may run as a command of its own.",
    ),
    element("pre", { class: "terminal-paste", tabindex: "0", "aria-label": "What is pasted" }, excerptOf(text)),
    element("label", { class: "terminal-choice" }, never, "Do not ask again"),
    element(
      "div",
      { class: "terminal-dialog-actions" },
      textButton("Cancel", () => dialog.close()),
      textButton("Paste as one line", () => dialog.close("one-line")),
      paste,
    ),
  );
  const chosen = { "as-it-is": () => text, "one-line": () => asOneLine(text) };
  dialog.addEventListener("close", () => {
    resolve({ text: chosen[dialog.returnValue]?.() ?? null, isAskedAgain: !never.checked });
  });
  paste.focus();
  return promise;
}
