/**
 * Tells what xterm.js answers by itself from what a person types, and whether an answer may be sent.
 *
 * Programs ask their terminal questions (device attributes, cursor position, colours, modes). Each question is answered by
 * one viewer, once. When old output is replayed, old questions are asked again, and nobody waits for the answers any more: the
 * shell would take them as typed. A Shift+F3 looks like a cursor position; it is sent whenever answers are.
 */

// CSI … c, n, R, t, $y; every OSC and DCS.
const ANSWER = /^\x1b(?:\[[?>=]?[\d;]*(?:[cnRt]|\$y)|\][\s\S]*|P[\s\S]*)$/;
// Focus reports, which setting mode 1004 sends at once.
const FOCUS = /^\x1b\[[IO]$/;
const ANSWERS = /\x1b(?:\[[?>=]?[\d;]*(?:[cnRt]|\$y)|\]\d+;)/g;

/** Whether `data`, one onData event of xterm.js, answers a question of a program. */
export function isAnswer(data) {
  return ANSWER.test(data);
}

/** Whether it says that the terminal has the focus, or lost it: news of now, which a replay has none of. */
export function isFocusReport(data) {
  return FOCUS.test(data);
}

/**
 * Whose the questions are. The holder says by QUERY from where on they are this viewer's, and asks again what nobody has
 * answered before that place.
 */
export class Answers {
  #isTold = false;
  #isMine = false;
  #underWay = 0;

  /** A new link, whose holder says whose the questions are (`isTold`) or does not. `unsent` goes out again over it, as pieces of bytes. */
  welcomed(isTold, unsent) {
    this.#isTold = isTold;
    this.#isMine = false;
    this.#underWay = unsent.reduce((count, bytes) => count + countIn(bytes), 0);
  }

  /** Someone else answers, or old output follows. */
  stop() {
    this.#isMine = false;
  }

  /** A QUERY came. Returns the question to put to the terminal, null when there is none, or its answer is on its way. */
  asked(query) {
    if (query.length === 0) this.#isMine = true;
    else if (this.#underWay > 0) this.#underWay -= 1;
    else if (this.#isMine) return query;
    return null;
  }

  /** Whether an answer may be sent, of a link that is live or not. */
  maySend(isLive) {
    return this.#isTold ? this.#isMine : isLive;
  }
}

function countIn(bytes) {
  return [...new TextDecoder("latin1").decode(bytes).matchAll(ANSWERS)].length;
}
