/** The icons of the terminal page, taken into the bundle: a script does not know the sprite's fingerprinted address. */
import abc from "@tabler/icons/outline/abc.svg";
import alertTriangle from "@tabler/icons/outline/alert-triangle.svg";
import arrowDown from "@tabler/icons/outline/arrow-down.svg";
import arrowUp from "@tabler/icons/outline/arrow-up.svg";
import arrowsMaximize from "@tabler/icons/outline/arrows-maximize.svg";
import arrowsMinimize from "@tabler/icons/outline/arrows-minimize.svg";
import chevronRight from "@tabler/icons/outline/chevron-right.svg";
import eye from "@tabler/icons/outline/eye.svg";
import infoCircle from "@tabler/icons/outline/info-circle.svg";
import keyboard from "@tabler/icons/outline/keyboard.svg";
import layoutColumns from "@tabler/icons/outline/layout-columns.svg";
import layoutRows from "@tabler/icons/outline/layout-rows.svg";
import letterCase from "@tabler/icons/outline/letter-case.svg";
import maximize from "@tabler/icons/outline/maximize.svg";
import plus from "@tabler/icons/outline/plus.svg";
import regex from "@tabler/icons/outline/regex.svg";
import search from "@tabler/icons/outline/search.svg";
import settings from "@tabler/icons/outline/settings.svg";
import terminal from "@tabler/icons/outline/terminal-2.svg";
import x from "@tabler/icons/outline/x.svg";

const SOURCES = {
  abc,
  alertTriangle,
  arrowDown,
  arrowsMaximize,
  arrowsMinimize,
  arrowUp,
  chevronRight,
  eye,
  infoCircle,
  keyboard,
  layoutColumns,
  layoutRows,
  letterCase,
  maximize,
  plus,
  regex,
  search,
  settings,
  terminal,
  x,
};

/** Return the icon `name` as a new <svg>, hidden from readers: whatever holds it has a name of its own. */
export function icon(name) {
  const { documentElement } = new DOMParser().parseFromString(SOURCES[name], "image/svg+xml");
  const svg = document.importNode(documentElement, true);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  return svg;
}
