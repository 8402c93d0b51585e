/**
 * Lets xterm.js work under a Content-Security-Policy without 'unsafe-inline'.
 *
 * It makes <style> elements (colours and sizes) while it opens and again whenever its renderer changes, and it sets
 * `style` attributes on the spans of coloured text. Its own `documentOverride` does not reach the scrollbar's <style>
 * (CoreBrowserTerminal 6.0 passes window.document there), so the two calls it makes are met where they are made. The
 * policy is not weakened: markup that arrives as text never goes through either of them.
 */

/** Give every <style> that scripts create from now on the page's `nonce`, and allow styles on spans through the CSSOM. */
export function allowTerminalStyles(nonce) {
  const { createElement } = document;
  document.createElement = function createElementWithNonce(name, options) {
    const made = createElement.call(this, name, options);
    if (made instanceof HTMLStyleElement) made.nonce = nonce;
    return made;
  };
  HTMLSpanElement.prototype.setAttribute = function setAttributeOrStyle(name, value) {
    if (name === "style") this.style.cssText = value;
    else Element.prototype.setAttribute.call(this, name, value);
  };
}
