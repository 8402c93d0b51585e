/**
 * The 32 hex digits by which the holder knows a viewer again after a reload.
 *
 * The id is taken out of the store when a page starts and put back when it goes. A duplicated tab copies the store of a
 * running page, finds nothing there and becomes a viewer of its own instead of throwing the first one out.
 */

const KEY = "sandlot.client.";
const ID = /^[0-9a-f]{32}$/;

/** Return the id kept for `terminal` and remove it, or make one. `store` is a Storage, `randomBytes(n)` n bytes. */
export function takeClientId(store, terminal, randomBytes) {
  const kept = store.getItem(KEY + terminal);
  store.removeItem(KEY + terminal);
  return kept && ID.test(kept) ? kept : newClientId(randomBytes);
}

/** Keep `id` for the page that follows this one in the same tab. */
export function keepClientId(store, terminal, id) {
  store.setItem(KEY + terminal, id);
}

function newClientId(randomBytes) {
  return Array.from(randomBytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
