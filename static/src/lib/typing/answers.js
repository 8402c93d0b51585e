/**
 * Tells what xterm.js answers by itself from what a person types.
 *
 * Programs ask their terminal questions (device attributes, cursor position, colours, modes). When old output is
 * replayed, old questions are asked again, and nobody waits for the answers any more: the shell would take them as
 * typed. Only used while replaying, so a Shift+F3 that looks like a cursor position does no harm.
 */

// CSI … c, n, R, t, $y; focus reports, which setting mode 1004 sends at once; every OSC and DCS.
const ANSWER = /^\x1b(?:\[[?>=]?[\d;]*(?:[cnRt]|\$y)|\[[IO]|\][\s\S]*|P[\s\S]*)$/;

/** Whether `data`, one onData event of xterm.js, answers a question of a program. */
export function isAnswer(data) {
  return ANSWER.test(data);
}
