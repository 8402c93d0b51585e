/** What happens to the page as a whole, told to its terminals: seen, hidden, online again, left and brought back. */
import { browserClock } from "./clock.js";

// Looking at another tab for a moment is not leaving.
const HIDDEN_AFTER_MS = 10_000;

/** `connections()` returns those that are there; `left()` and `restored()` are called when the page goes and comes back. */
export function followPage({ connections, left, restored }) {
  let cancelHidden = () => {};
  const wake = () => connections().forEach((connection) => connection.wake());
  const seenOrNot = () => {
    cancelHidden();
    if (document.visibilityState === "hidden") {
      cancelHidden = browserClock.after(HIDDEN_AFTER_MS, () => connections().forEach((connection) => connection.yieldKeyboard()));
      return;
    }
    connections().forEach((connection) => connection.reclaimKeyboard());
    wake();
  };
  const shown = ({ persisted }) => {
    if (!persisted) return;
    restored();
    wake();
  };
  window.addEventListener("focus", wake);
  window.addEventListener("online", wake);
  window.addEventListener("pagehide", left);
  window.addEventListener("pageshow", shown);
  document.addEventListener("visibilitychange", seenOrNot);
}
