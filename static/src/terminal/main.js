/** Entry of the terminal page: finds the workspace that the server rendered and fills it. */
import { offerActions } from "../lib/words/actions.js";
import { allowTerminalStyles } from "./csp.js";
import { followSoftKeyboard } from "./touch/soft-keyboard.js";
import { Workspace } from "./workspace.js";

const host = document.getElementById("terminal-workspace");
if (host) start(host);

function start(host) {
  const nonce = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=csp-nonce]"));
  allowTerminalStyles(nonce?.content ?? "");
  followSoftKeyboard();
  const layout = dataOf("layout-data");
  const workspace = new Workspace(host, { layout, preferences: dataOf("preferences-data") });
  host.terminals = workspace.terminals;
  offerActions(document, () => workspace.actions);
  workspace.connect(dataOf("terminals-data") ?? [], layout);
}

function dataOf(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null");
}
