/** Light, dark or the system's: at once, and kept in the cookie that the server reads. Twin: accounts/views/theme.py. */

const ONE_YEAR_S = 365 * 24 * 3600;

export function enableThemeSwitch(document) {
  const form = document.querySelector("[data-theme-switch]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(document, form, event.submitter.value);
  });
}

function choose(document, form, theme) {
  document.documentElement.dataset.theme = theme;
  const secure = window.location.protocol === "https:" ? "; secure" : "";
  document.cookie = `sandlot_theme=${theme}; path=/; max-age=${ONE_YEAR_S}; samesite=lax${secure}`;
  for (const button of form.querySelectorAll("[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}
