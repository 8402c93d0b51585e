/** Buttons that copy a field: data-copy names it. */

const SAID_MS = 1500;

export function enableCopying(document) {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-copy]");
    if (button) copy(button, document.querySelector(button.dataset.copy));
  });
}

async function copy(button, field) {
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
  else copyBySelection(field); // an address without TLS that is not localhost has no clipboard
  answer(button);
}

function copyBySelection(field) {
  field.hidden = false;
  field.select();
  document.execCommand("copy");
}

/** Say "Copied" in the button for a moment. */
function answer(button) {
  const label = [...button.childNodes].findLast((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (!label || label.data.includes("Copied")) return;
  const before = label.data;
  label.data = "Copied";
  window.setTimeout(() => (label.data = before), SAID_MS);
}
