/** Keeps "5 minutes ago" true and running seconds running. Twin of `ago` and `in_seconds` in sandboxes/words.py. */

const SPANS = [
  [365 * 86_400, "year"],
  [30 * 86_400, "month"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

export function keepTimes(document) {
  document.querySelectorAll("[data-clock]").forEach(sayClock);
  document.body.addEventListener("htmx:load", ({ target }) => target.querySelectorAll("[data-clock]").forEach(sayClock));
  window.setInterval(() => document.querySelectorAll("[data-ago]").forEach(sayAgo), 30_000);
  window.setInterval(() => document.querySelectorAll("[data-elapsed-s]").forEach(sayElapsed), 100);
}

/** The server knows no reader's zone and says UTC. Twin of `clock` in sandboxes/words.py. */
function sayClock(time) {
  const moment = new Date(time.dateTime);
  const isToday = moment.toDateString() === new Date().toDateString();
  const day = isToday ? {} : { day: "numeric", month: "short" };
  time.textContent = moment.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function sayAgo(time) {
  const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
  const [span, unit] = SPANS.find(([length]) => seconds >= length) ?? [];
  const count = Math.floor(seconds / span);
  time.textContent = span ? `${count} ${unit}${count > 1 ? "s" : ""} ago` : "just now";
}

/** The server said how long it had run when it drew the page: its clock and ours need not agree. */
function sayElapsed(label) {
  label.drawnAt ??= performance.now();
  const seconds = Number(label.dataset.elapsedS) + (performance.now() - label.drawnAt) / 1000;
  label.textContent = inSeconds(seconds);
}

function inSeconds(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
