/** Keeps "5 minutes ago" true and running seconds running. */
import { inAge, inSeconds } from "../lib/words/units.js";

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
  /** @type {Intl.DateTimeFormatOptions} */
  const day = isToday ? {} : { day: "numeric", month: "short" };
  time.textContent = moment.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function sayAgo(time) {
  time.textContent = inAge((Date.now() - Date.parse(time.dateTime)) / 1000);
}

/** The server said how long it had run when it drew the page: its clock and ours need not agree. */
function sayElapsed(label) {
  label.drawnAt ??= performance.now();
  const seconds = Number(label.dataset.elapsedS) + (performance.now() - label.drawnAt) / 1000;
  label.textContent = inSeconds(seconds);
}
