/**
 * Finds what someone means by a few letters: each word typed must be in the text as a subsequence, and letters at the
 * start of words and next to each other count most. So "pa" finds "Payments API" before "sandbox tapas".
 */

const PER_LETTER = 1;
const AT_WORD_START = 8;
const IN_A_RUN = 7;
// A gap costs once, however long it is: in "restart payments" the words between two hits say nothing.
const PER_GAP = 3;
const NEVER = Number.NEGATIVE_INFINITY;
// Longer texts than any title are cut; work grows with letters typed times letters searched.
const MAX_LETTERS = 160;
const MAX_TYPED = 60;

const LETTER = /[\p{L}\p{N}]/u;
const CAPITAL = /\p{Lu}/u;
const SMALL = /\p{Ll}/u;

/**
 * Return {score, marks} for `typed` in `text`, or null when a word of it is not there. `marks` are [from, to) of the
 * letters that matched, in order and not touching; nothing typed matches everything with a score of 0.
 */
export function match(typed, text) {
  const searched = text.slice(0, MAX_LETTERS);
  const letters = lower(searched);
  const wanted = words(typed);
  if (!wanted.every((word) => isSubsequence(word, letters))) return null;
  const starts = wordStarts(searched);
  const hits = new Set();
  let score = 0;
  for (const word of wanted) {
    const found = place(word, letters, starts);
    score += found.score;
    found.at.forEach((index) => hits.add(index));
  }
  return { score, marks: runs([...hits].sort((a, b) => a - b)) };
}

/** The words of what was typed, in lower case. */
export function words(typed) {
  return lower(typed.slice(0, MAX_TYPED)).split(/\s+/).filter(Boolean);
}

/** In lower case, of the same length: some capitals become two letters. */
function lower(text) {
  const lowered = text.toLowerCase();
  return lowered.length === text.length ? lowered : [...text].map((each) => each.toLowerCase().slice(0, each.length)).join("");
}

/** For each letter whether a word begins with it: after a space or a sign, or as a capital after a small letter. */
function wordStarts(text) {
  return Array.from({ length: text.length }, (_, index) => {
    const before = text[index - 1] ?? " ";
    const isLetter = LETTER.test(text[index]);
    return isLetter && (!LETTER.test(before) || (CAPITAL.test(text[index]) && SMALL.test(before)));
  });
}

/** Return the best way to lay `word` over `letters`, in which it is: {score, at}. */
function place(word, letters, starts) {
  // rows[i][j]: the best score with letter i of the word at letter j; from[i][j]: where letter i - 1 stands then.
  const rows = [];
  const from = [];
  for (let i = 0; i < word.length; i++) {
    const row = new Array(letters.length).fill(NEVER);
    const cameFrom = new Array(letters.length).fill(-1);
    let best = NEVER;
    let bestAt = -1;
    for (let j = 0; j < letters.length; j++) {
      const before = i > 0 && j > 0 ? rows[i - 1][j - 1] : NEVER;
      if (letters[j] === word[i]) {
        const worth = PER_LETTER + (starts[j] ? AT_WORD_START : 0);
        if (i === 0) row[j] = worth;
        else if (before + IN_A_RUN >= best - PER_GAP) [row[j], cameFrom[j]] = [before + IN_A_RUN + worth, j - 1];
        else [row[j], cameFrom[j]] = [best - PER_GAP + worth, bestAt];
      }
      if (before > best) [best, bestAt] = [before, j - 1];
    }
    rows.push(row);
    from.push(cameFrom);
  }
  return traced(rows, from);
}

function isSubsequence(word, letters) {
  let index = -1;
  return word.split("").every((letter) => {
    index = letters.indexOf(letter, index + 1);
    return index >= 0;
  });
}

function traced(rows, from) {
  const last = rows.at(-1);
  let index = last.reduce((best, score, at) => (score > last[best] ? at : best), 0);
  const score = last[index];
  const at = [];
  for (let i = rows.length - 1; i >= 0; i--) {
    at.unshift(index);
    index = from[i][index];
  }
  return { score, at };
}

function runs(indices) {
  const marks = [];
  for (const index of indices) {
    const last = marks.at(-1);
    if (last?.[1] === index) last[1] = index + 1;
    else marks.push([index, index + 1]);
  }
  return marks;
}
