/** Buttons that add one more row to a form: `data-add` names the template, `data-add-to` the place. */

export function enableAdding(document) {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-add]");
    if (button) addRow(document, button.dataset);
  });
}

/** Django numbers the rows of a form: `__prefix__` in the template becomes the next number. */
function addRow(document, { add, addTo, count }) {
  const total = document.querySelector(count);
  const row = document.createElement("template");
  row.innerHTML = document.querySelector(add).innerHTML.replaceAll("__prefix__", total.value);
  total.value = Number(total.value) + 1;
  document.querySelector(addTo).append(row.content);
  document.querySelector(`${addTo} > :last-child input:not([type="hidden"])`).focus();
}
