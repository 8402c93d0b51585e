/** Narrows a list to the rows that contain every word typed. Rows that arrive later are narrowed as well. */

export function enableFilter(document) {
  const field = document.querySelector("[data-filter]");
  if (!field) return;
  const narrow = () => show(document, field.dataset.filter, words(field.value));
  field.addEventListener("input", narrow);
  document.body.addEventListener("htmx:afterSettle", narrow);
}

function words(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

function show(document, list, wanted) {
  const rows = [...document.querySelectorAll(`${list} .row`)];
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
  }
  const none = document.querySelector(`${list} [data-filter-empty]`);
  if (none) none.hidden = rows.some((row) => !row.hidden);
}
