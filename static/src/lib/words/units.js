/** Numbers and lengths of time for people, as the server's pages say them. Twin: sandboxes/words.py. */
const KIB = 1024;
const MIB = KIB * 1024;
const GIB = MIB * 1024;
/** @type {[number, string][]} */
const SPANS = [
  [365 * 86_400, "year"],
  [30 * 86_400, "month"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

/** Bytes: "512 MB", "1.5 GB". */
export function inSize(count) {
  return count >= GIB ? `${short(count / GIB, 1)} GB` : `${short(count / MIB, 1)} MB`;
}

/** Bytes per second: "0 B/s", "12 KB/s", "3.4 MB/s". */
export function inRate(count) {
  if (count < KIB) return `${Math.round(count)} B/s`;
  return count < MIB ? `${Math.round(count / KIB)} KB/s` : `${inSize(count)}/s`;
}

/** Thousandths of a core: "1 core", "0.5 cores". */
export function inCores(millis) {
  const cores = short(millis / 1000, 2);
  return cores === "1" ? "1 core" : `${cores} cores`;
}

export function inProcesses(count) {
  return count === 1 ? "1 process" : `${Math.round(count)} processes`;
}

/** A duration: "0.4 s", "12 s", "1 min 5 s". */
export function inSeconds(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** How long ago something was, of seconds: "3 hours ago", "just now". */
export function inAge(seconds) {
  const [span, unit] = SPANS.find(([length]) => seconds >= length) ?? [];
  const count = Math.floor(seconds / /** @type {number} */ (span));
  return span ? `${count} ${unit}${count > 1 ? "s" : ""} ago` : "just now";
}

function short(value, digits) {
  return String(Number(value.toFixed(digits)));
}
