/** Short messages in the corner: the server's, and what went wrong with a request of the page. */

const SHOWN_MS = 6000;

export function enableToasts(document) {
  document.addEventListener("click", ({ target }) => target.closest("[data-dismiss]")?.closest(".toast").remove());
  for (const toast of document.querySelectorAll(".toast.success, .toast.info")) fade(toast);
  document.body.addEventListener("htmx:responseError", ({ detail }) => say(document, sentence(detail.xhr.status)));
  document.body.addEventListener("htmx:sendError", ({ detail }) => {
    // What the page asks by itself is asked again; only what a person did deserves words.
    if (detail.requestConfig.verb !== "get") say(document, "The server does not answer. Nothing was changed; try again.");
  });
}

/** Show a sentence: trouble until someone dismisses it, good news ("success", "info") for a moment. */
export function say(document, text, level = "error") {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.classList.add(level);
  toast.querySelector("[data-text]").textContent = text;
  document.getElementById("toasts").append(toast);
  if (level === "success" || level === "info") becomeGood(toast);
}

/** What an HTTP status means for the person who asked. */
export function sentence(status) {
  if (status === 403) return "Your role does not let you do this, or the page is too old. Nothing was changed.";
  if (status === 404) return "This is not there any more. Reload the page.";
  if (status === 429) return "Too many requests. Nothing was changed; wait a moment.";
  return "Something broke on the server. Try again.";
}

/** The template wears the sign of trouble. */
function becomeGood(toast) {
  const use = toast.querySelector(".icon use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#check"));
  fade(toast);
}

function fade(toast) {
  window.setTimeout(() => toast.remove(), SHOWN_MS);
}
