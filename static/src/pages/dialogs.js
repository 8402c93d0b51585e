/** Links to a page that fits into a dialog open it there; without this script they go to the page. */

export function enableDialogs(document) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-dialog]");
    const dialog = link && document.querySelector(link.dataset.dialog);
    if (dialog) open(event, dialog);
    event.target.closest("[data-close]")?.closest("dialog").close();
  });
}

function open(event, dialog) {
  event.preventDefault();
  dialog.querySelector("form").reset();
  dialog.showModal();
}
