/** The terminal's settings: each choice is seen in every pane at once, and kept for the person. */
import { PREFERENCES } from "../../lib/looks/preferences.js";
import { openDialog } from "./dialogs.js";
import { element, textButton } from "../dom.js";

/** Show the dialog for `preferences`; `closed` is called when the person is done. */
export function showSettings(preferences, closed) {
  const fields = Object.entries(PREFERENCES).map(([name, preference]) => fieldFor(name, preference, preferences));
  const close = textButton("Done", () => dialog.close(), "primary");
  const dialog = openDialog(
    "Terminal settings",
    element("div", { class: "terminal-settings" }, ...fields.map(({ node }) => node)),
    element(
      "div",
      { class: "terminal-dialog-actions" },
      textButton("Back to usual", () => preferences.reset()),
      close,
    ),
  );
  const refresh = () => fields.forEach(({ refresh: show }) => show());
  refresh();
  preferences.addEventListener("change", refresh);
  dialog.addEventListener("close", () => {
    preferences.removeEventListener("change", refresh);
    closed();
  });
  fields[0].input.focus();
}

/** Return {node, input, refresh()}. */
function fieldFor(name, preference, preferences) {
  if (preference.choices) return choiceField(name, preference, preferences);
  return typeof preference.usual === "number"
    ? numberField(name, preference, preferences)
    : switchField(name, preference, preferences);
}

function choiceField(name, { label, choices }, preferences) {
  const options = choices.map(([value, words]) => element("option", { value }, words));
  const choose = () => preferences.choose(name, choices[input.selectedIndex][0]);
  const input = element("select", { class: "select", on: { change: choose } }, ...options);
  const refresh = () => (input.selectedIndex = choices.findIndex(([value]) => value === preferences.values[name]));
  return { node: labelled(name, label, input), input, refresh };
}

function numberField(name, { label, least, most, step }, preferences) {
  // A number that is half typed may be out of range, and is left alone.
  const choose = () => input.checkValidity() && preferences.choose(name, input.valueAsNumber);
  const attributes = { class: "input", type: "number", min: least, max: most, step, required: true };
  const input = element("input", { ...attributes, on: { input: choose, blur: () => refresh() } });
  const refresh = () => {
    if (document.activeElement !== input || input.valueAsNumber !== preferences.values[name])
      input.value = preferences.values[name];
  };
  return { node: labelled(name, label, input), input, refresh };
}

function switchField(name, { label }, preferences) {
  const input = element("input", { type: "checkbox", on: { change: () => preferences.choose(name, input.checked) } });
  const refresh = () => (input.checked = preferences.values[name]);
  return { node: element("label", { class: "terminal-choice" }, input, label), input, refresh };
}

function labelled(name, label, input) {
  input.id = `terminal-setting-${name}`;
  return element("div", { class: "field" }, element("label", { for: input.id }, label), input);
}
