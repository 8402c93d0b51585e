/** What a person may choose for their terminals, and what is usual. Twin: sessions/models/preferences.py. */

/** Choices are [value, words]; numbers have least, most and step. Sizes are CSS pixels, scrollback is lines. */
export const PREFERENCES = {
  theme: {
    label: "Colours",
    usual: "page",
    choices: [
      ["page", "As the page"],
      ["light", "Light"],
      ["dark", "Dark"],
      ["contrast", "High contrast"],
    ],
  },
  fontFamily: {
    label: "Font, where it is installed",
    usual: "page",
    choices: [
      ["page", "The system's"],
      ["jetbrains", "JetBrains Mono"],
      ["fira", "Fira Code"],
      ["cascadia", "Cascadia Mono"],
      ["dejavu", "DejaVu Sans Mono"],
      ["courier", "Courier"],
    ],
  },
  fontSize: { label: "Text size", usual: 14, least: 9, most: 28, step: 1 },
  lineHeight: { label: "Line height", usual: 1.15, least: 1, most: 2, step: 0.05 },
  cursorShape: {
    label: "Cursor",
    usual: "block",
    choices: [
      ["block", "Block"],
      ["bar", "Bar"],
      ["underline", "Underline"],
    ],
  },
  bell: {
    label: "Bell",
    usual: "none",
    choices: [
      ["none", "Nothing"],
      ["visual", "A flash"],
      ["sound", "A sound"],
    ],
  },
  scrollback: {
    label: "Lines kept",
    usual: 10_000,
    choices: [
      [1_000, "1,000"],
      [10_000, "10,000"],
      [50_000, "50,000"],
    ],
  },
  rightClick: {
    label: "Right click",
    usual: "clipboard",
    choices: [
      ["clipboard", "Copies or pastes"],
      ["menu", "Shows the browser's menu"],
    ],
  },
  cursorBlink: { label: "Let the cursor blink", usual: true },
  copyOnSelect: { label: "Copy what is selected with the mouse", usual: false },
  pasteWarning: { label: "Ask before several lines are pasted into a program that would run them", usual: true },
  screenReader: { label: "Read output to screen readers (slower)", usual: false },
};

const FONTS = {
  jetbrains: '"JetBrains Mono"',
  fira: '"Fira Code", "Fira Mono"',
  cascadia: '"Cascadia Mono", "Cascadia Code"',
  dejavu: '"DejaVu Sans Mono"',
  courier: '"Courier New", Courier',
};

/** Return a CSS font-family: the chosen one in front of the page's own. */
export function fontFamilyOf(choice, pageFont) {
  return FONTS[choice] ? `${FONTS[choice]}, ${pageFont}` : pageFont;
}

/** Return all preferences; what `chosen` lacks or has wrong is as usual. */
export function withUsual(chosen) {
  return Object.fromEntries(Object.keys(PREFERENCES).map((name) => [name, allowed(name, chosen?.[name])]));
}

/** Return `value` for the preference `name`, a number brought inside its limits; the usual value for what it cannot be. */
export function allowed(name, value) {
  const { usual, choices, least, most } = PREFERENCES[name];
  if (choices) return choices.some(([choice]) => choice === value) ? value : usual;
  if (typeof value !== typeof usual || Number.isNaN(value)) return usual;
  return typeof usual === "number" ? Number(Math.min(most, Math.max(least, value)).toFixed(2)) : value;
}
