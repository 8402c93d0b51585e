/** The Metrics tab: draws what the page brought along, and asks for newer numbers while someone looks. */
import { inCores, inProcesses, inRate, inSize } from "../lib/words/units.js";
import { Graph } from "./graph.js";

const WORDS = {
  cpu: { words: inCores },
  memory: { words: inSize, isBytes: true },
  disk: { words: inSize, isBytes: true },
  processes: { words: inProcesses, marks: String },
  network: { words: inRate, isBytes: true },
};

const place = /** @type {HTMLElement} */ (document.getElementById("graphs"));
const first = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("metrics-columns")).textContent);
const graphs = [.../** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll("[data-graph]"))].map(
  (host) => new Graph(host, WORDS[host.dataset.graph]),
);
for (const graph of graphs) graph.connect(first);

const repaint = () => graphs.forEach((graph) => graph.repaint());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });

setInterval(() => document.hidden || refresh(), first.every_s * 1000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());

/** A look that fails changes nothing: the next one follows. */
async function refresh() {
  const answer = await fetch(/** @type {string} */ (place.dataset.columns), { headers: { Accept: "application/json" } }).catch(
    () => null,
  );
  if (!answer?.ok) return;
  const columns = await answer.json();
  for (const graph of graphs) graph.update(columns);
}
