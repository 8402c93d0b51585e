/** What a closed websocket means: whether to come back by itself, and what to say when not. Twin: activity/refusals.py. */

const BUSY_WAIT_MS = 5_000;

const FINAL = new Map([
  [4400, { reason: "malformed", text: "This page and the server do not understand each other.", action: "reload" }],
  [4401, { reason: "signed_out", text: "You are signed out.", action: "sign_in" }],
  [4403, { reason: "not_allowed", text: "You may not use this terminal.", action: null }],
  [4404, { reason: "gone", text: "This terminal no longer exists.", action: "close" }],
  [4409, { reason: "taken_over", text: "This terminal was opened in another tab.", action: "use_here" }],
]);

/**
 * Return why a link must not come back by itself as {reason, text, action}, or null when it should.
 *
 * Everything unknown is retried: a proxy in between may close with any code.
 */
export function finalClose(code) {
  return FINAL.get(code) ?? null;
}

/** Return the least number of milliseconds to stay away after this close code. */
export function leastWait(code) {
  return code === 4429 ? BUSY_WAIT_MS : 0;
}
