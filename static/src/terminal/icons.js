/** The icons of the terminal page, taken into the bundle: a script does not know the sprite's fingerprinted address. */
import alertTriangle from "@tabler/icons/outline/alert-triangle.svg";
import arrowDown from "@tabler/icons/outline/arrow-down.svg";
import arrowUp from "@tabler/icons/outline/arrow-up.svg";
import infoCircle from "@tabler/icons/outline/info-circle.svg";
import keyboard from "@tabler/icons/outline/keyboard.svg";
import letterCase from "@tabler/icons/outline/letter-case.svg";
import plus from "@tabler/icons/outline/plus.svg";
import regex from "@tabler/icons/outline/regex.svg";
import search from "@tabler/icons/outline/search.svg";
import terminal from "@tabler/icons/outline/terminal-2.svg";
import textDecrease from "@tabler/icons/outline/text-decrease.svg";
import textIncrease from "@tabler/icons/outline/text-increase.svg";
import x from "@tabler/icons/outline/x.svg";

const SOURCES = {
  alertTriangle,
  arrowDown,
  arrowUp,
  infoCircle,
  keyboard,
  letterCase,
  plus,
  regex,
  search,
  terminal,
  textDecrease,
  textIncrease,
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
