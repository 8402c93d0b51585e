/** Forms: choices that send themselves, questions before what cannot be undone, no double sending. */

export function enableForms(document) {
  document.addEventListener("change", ({ target }) => target.matches("[data-autosubmit]") && target.form.requestSubmit());
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
    else if (event.target.method === "post" && !event.target.hasAttribute("hx-post")) sendOnce(event);
  });
}

/** Disable the button once the form is on its way; the browser's back button brings a fresh page. */
function sendOnce({ submitter, defaultPrevented }) {
  if (submitter && !defaultPrevented) window.setTimeout(() => (submitter.disabled = true));
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted && submitter) submitter.disabled = false;
  });
}
