/** OSC 52, by which a program writes to the clipboard. Reading it is never answered: it would leak what was copied. */

// What a person copies by hand is far below this; a program that sends more fills the clipboard to do harm.
const MAX_BASE64_LENGTH = 1024 * 1024;

/** Return the text that the body of an OSC 52 ("c;BASE64") wants to write, or null: a question, or malformed. */
export function clipboardText(body) {
  const encoded = body.slice(body.indexOf(";") + 1);
  if (encoded === "" || encoded === "?" || encoded.length > MAX_BASE64_LENGTH) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Not base64, or not UTF-8: no text, so there is nothing to write.
    return null;
  }
}
