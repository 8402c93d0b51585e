/** Numbers for people, as the server's pages say them. Twin: sandboxes/words.py. */
const KIB = 1024;
const MIB = KIB * 1024;
const GIB = MIB * 1024;

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

function short(value, digits) {
  return String(Number(value.toFixed(digits)));
}
