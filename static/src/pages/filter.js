/**
 * Narrows the list while someone types, rows that arrive later as well. What the page does not have is asked for:
 * a list that the server narrowed or cut into pages (data-narrowed) is fetched again for the new words.
 */
import { matches, parse } from "../lib/words/search.js";

const FETCH_AFTER_MS = 250;

export function enableFilter(document, htmx) {
  const field = document.querySelector("[data-filter]");
  if (!field) return;
  const list = () => document.querySelector(field.dataset.filter);
  const narrow = () => show(list(), parse(field.value));
  let timer = 0;
  field.addEventListener("input", () => {
    narrow();
    window.clearTimeout(timer);
    timer = window.setTimeout(() => keep(field, list(), htmx), FETCH_AFTER_MS);
  });
  document.body.addEventListener("htmx:afterSwap", narrow); // later they would be seen for a moment
  narrow(); // the browser's back button brings the words back
}

function show(list, wanted) {
  const rows = [...list.querySelectorAll(".row")];
  for (const row of rows) row.hidden = !matches(wanted, described(row));
  const none = list.querySelector("[data-filter-empty]");
  if (none) none.hidden = rows.some((row) => !row.hidden);
}

function described(row) {
  const { status, owner, template } = row.dataset;
  const text = [row.querySelector(".row-name").textContent, row.id, owner, template].join(" ");
  return {
    text: text.toLowerCase(),
    status,
    owner: owner.toLowerCase(),
    template: template.toLowerCase(),
    isMine: "mine" in row.dataset,
  };
}

/** Put the words into the address, so that a link or a reload shows the same, and fetch what is not here. */
function keep(field, list, htmx) {
  const address = new URL(window.location.href);
  if (field.value.trim()) address.searchParams.set("q", field.value.trim());
  else address.searchParams.delete("q");
  address.searchParams.delete("page");
  window.history.replaceState(null, "", address);
  if (!("narrowed" in list.dataset)) return;
  const how = { source: list, target: list, swap: "outerHTML", select: `#${list.id}` };
  htmx.ajax("GET", address.pathname + address.search, how).catch(() => {}); // the toast says what went wrong
}
