/** Entry of the terminal page: finds the workspace that the server rendered and fills it. */
import { allowTerminalStyles } from "./csp.js";
import { followSoftKeyboard } from "./soft-keyboard.js";
import { Workspace } from "./workspace.js";

const host = document.getElementById("terminal-workspace");
if (host) start(host);

function start(host) {
  allowTerminalStyles(document.querySelector("meta[name=csp-nonce]")?.content ?? "");
  followSoftKeyboard();
  const workspace = new Workspace(host);
  host.terminals = workspace.terminals;
  workspace.connect(JSON.parse(document.getElementById("terminals-data")?.textContent ?? "[]"));
}
