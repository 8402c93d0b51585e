/** Colours of the terminal: the page's own tokens for the ground, one set of 16 for light grounds and one for dark. */

// Each at least 4.5:1 on white except the two whites, which programs use as backgrounds.
const LIGHT = {
  black: "#1f2328",
  red: "#b3261e",
  green: "#116b37",
  yellow: "#7a5200",
  blue: "#0a58ca",
  magenta: "#8630a6",
  cyan: "#0b6b75",
  white: "#c9ced6",
  brightBlack: "#5b636e",
  brightRed: "#cf222e",
  brightGreen: "#1a7f37",
  brightYellow: "#8a6100",
  brightBlue: "#1f6feb",
  brightMagenta: "#9a3fbc",
  brightCyan: "#0f7a86",
  brightWhite: "#e6e9ee",
};

const DARK = {
  black: "#2b3038",
  red: "#ff7b72",
  green: "#5fd38d",
  yellow: "#e3b341",
  blue: "#79b8ff",
  magenta: "#d2a8ff",
  cyan: "#56d4dd",
  white: "#c9d1d9",
  brightBlack: "#7d8590",
  brightRed: "#ffa198",
  brightGreen: "#7ee2a8",
  brightYellow: "#f2cc60",
  brightBlue: "#a5d3ff",
  brightMagenta: "#e2c5ff",
  brightCyan: "#8ce3ea",
  brightWhite: "#f0f6fc",
};

/**
 * Return an xterm.js theme for a ground of `background`, each colour as [red, green, blue] of 0 to 255.
 */
export function themeOf({ background, foreground, accent }) {
  const isDark = luminance(background) < 0.4;
  return {
    ...(isDark ? DARK : LIGHT),
    background: hex(background),
    foreground: hex(foreground),
    cursor: hex(accent),
    cursorAccent: hex(background),
    // Coloured text stays readable while selected; a dark ground bears more.
    selectionBackground: hex(mix(background, accent, isDark ? 0.32 : 0.2)),
    selectionInactiveBackground: hex(mix(background, foreground, 0.18)),
    scrollbarSliderBackground: hex(mix(background, foreground, 0.2)),
    scrollbarSliderHoverBackground: hex(mix(background, foreground, 0.35)),
    scrollbarSliderActiveBackground: hex(mix(background, foreground, 0.5)),
  };
}

/**
 * Return the colours in which the search shows its matches, as #rrggbb: faint enough that coloured text stays readable
 * on them, so that the current match is told by its border.
 */
export function matchColours({ background, accent }) {
  const matched = hex(mix(background, accent, 0.17));
  return {
    matchBackground: matched,
    matchOverviewRuler: matched,
    activeMatchBackground: matched,
    activeMatchBorder: hex(accent),
    activeMatchColorOverviewRuler: hex(accent),
  };
}

function mix(from, to, share) {
  return from.map((value, index) => Math.round(value + (to[index] - value) * share));
}

/** Relative luminance, 0 to 1. Source: WCAG 2.2. */
function luminance(colour) {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function hex(colour) {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
