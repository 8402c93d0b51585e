/** Says how a terminal's process ended. */

const SIGNALS = new Map([
  [1, "SIGHUP"],
  [2, "SIGINT"],
  [3, "SIGQUIT"],
  [4, "SIGILL"],
  [6, "SIGABRT"],
  [7, "SIGBUS"],
  [8, "SIGFPE"],
  [9, "SIGKILL"],
  [11, "SIGSEGV"],
  [13, "SIGPIPE"],
  [14, "SIGALRM"],
  [15, "SIGTERM"],
]);

/** Return a sentence for an exit status: 0 to 255, or 128 + n when signal n ended the process; null when unknown. */
export function exitSentence(status) {
  if (status === null) return "The process has ended.";
  const signal = SIGNALS.get(status - 128);
  return signal ? `The process was ended by ${signal} (status ${status}).` : `The process ended with status ${status}.`;
}
