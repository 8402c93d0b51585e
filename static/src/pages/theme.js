/** Light, dark or the system's: at once, and kept in the cookie that the server reads. Twin: accounts/views/theme.py. */

const ONE_YEAR_S = 365 * 24 * 3600;

const SWITCH = "[data-theme-switch]";

export function enableThemeSwitch(document) {
  document.querySelector(SWITCH)?.addEventListener("submit", (event) => {
    event.preventDefault();
    chooseTheme(document, event.submitter.value);
  });
}

/** Take "system", "light" or "dark", here and on every page from now on. */
export function chooseTheme(document, theme) {
  document.documentElement.dataset.theme = theme;
  const secure = window.location.protocol === "https:" ? "; secure" : "";
  document.cookie = `sandlot_theme=${theme}; path=/; max-age=${ONE_YEAR_S}; samesite=lax${secure}`;
  for (const button of document.querySelectorAll(`${SWITCH} [name=theme]`)) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}
