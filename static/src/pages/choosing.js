/** Boxes of a list: all at once, a count, and a choice that outlives a live update of its row. */

const BOX = "[name=chosen]";

export function enableChoosing(document) {
  const chosen = new Set();
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-choose-all]")) chooseAll(document.querySelector(target.dataset.chooseAll), target.checked);
    if (target.matches(`${BOX}, [data-choose-all]`)) remember(document, chosen);
  });
  document.body.addEventListener("htmx:afterSettle", () => recall(document, chosen));
  remember(document, chosen); // what the browser filled in again after a step back
}

function chooseAll(list, isChosen) {
  for (const box of list.querySelectorAll(`.row:not([hidden]) ${BOX}`)) box.checked = isChosen;
}

function remember(document, chosen) {
  chosen.clear();
  for (const box of document.querySelectorAll(`${BOX}:checked`)) chosen.add(box.value);
  say(document, chosen.size);
}

function recall(document, chosen) {
  for (const box of document.querySelectorAll(BOX)) box.checked ||= chosen.has(box.value);
  remember(document, chosen);
}

function say(document, count) {
  const label = document.querySelector("[data-chosen-count]");
  if (label) label.textContent = `${count} selected`;
}
