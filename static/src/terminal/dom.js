/** Makes elements without HTML strings: nothing a terminal says can become markup. */

/**
 * Return a new element. `attributes` are set as they are, true sets an empty one, false and null none; functions under
 * `on` are listeners. `children` are nodes or text; null is left out.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ on?: Record<string, (event: any) => unknown>, [attribute: string]: unknown }} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, { on = {}, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value);
  for (const [type, listener] of Object.entries(on)) made.addEventListener(type, listener);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Set, or with false or null remove, an attribute. */
export function setAttribute(target, name, value) {
  if (value === false || value === null) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? "" : value);
}

/** A button with an icon only; `label` is its name and its tooltip. */
export function iconButton(icon, label, onClick, attributes = {}) {
  const own = { type: "button", class: "button quiet square", "aria-label": label, title: label };
  return element("button", { ...own, ...attributes, on: { click: onClick } }, icon);
}

/** A button with words. `kind` is a class of the page's buttons: "", "primary", "danger" or "quiet". */
export function textButton(label, onClick, kind = "") {
  return element("button", { type: "button", class: `button ${kind}`.trim(), on: { click: onClick } }, label);
}
