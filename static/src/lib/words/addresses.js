/** Only http and https addresses are opened from a terminal: its output may come from anywhere. */

/** Return the address to open for `text`, or null when it is not a plain web address. */
export function webAddress(text) {
  const url = parseUrl(text);
  return url && (url.protocol === "http:" || url.protocol === "https:") ? url.href : null;
}

function parseUrl(text) {
  try {
    return new URL(text);
  } catch {
    // Not an address at all.
    return null;
  }
}
