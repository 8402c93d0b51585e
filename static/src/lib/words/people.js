/** Who looks at a terminal and who types, in words. A viewer is {link, name, mayDrive, isDriver, isMe}: see keyboard.js. */

const LIST = new Intl.ListFormat("en");
const MOST_NAMED = 3;

/** Return up to two letters for a name: "Ada Lovelace" gives "AL", "bob@example.com" "B". */
export function initialsOf(name) {
  const words = name
    .split("@")[0]
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase();
}

/** Return who types and who only looks as a sentence; "" when one person is alone with the keyboard. */
export function peopleSentence(viewers, mayDrive) {
  const me = viewers.find(({ isMe }) => isMe);
  const others = viewers.filter(({ isMe }) => !isMe);
  if (viewers.length === 0 || (me?.isDriver && others.length === 0)) return "";
  const named = others.filter(({ isDriver }) => !isDriver).map(({ name }) => (isMyself(viewers, name) ? "your other tab" : name));
  const lookers = [...new Set(named)];
  const looking = lookers.length > 0 ? `${listOf(lookers)} ${lookers.length > 1 ? "look" : "looks"} on` : null;
  return [typingOf(viewers, me, mayDrive), looking].filter(Boolean).join(" · ");
}

/** Return what tells a viewer apart for the one who looks: "Ada (you)", "You, in another tab" or a name. */
export function calledIn(viewers, { name, isMe }) {
  if (isMe) return `${name} (you)`;
  return isMyself(viewers, name) ? "You, in another tab" : name;
}

/** Return how one viewer takes part, in a word or two. */
export function partOf({ isDriver, mayDrive }) {
  if (isDriver) return "Typing";
  return mayDrive ? "Looking" : "May only look";
}

/** Return [{link, label}]: to whom this viewer can hand the keyboard; nobody while another one has it. */
export function heirsOf(viewers) {
  if (!viewers.some(({ isMe, isDriver }) => isMe && isDriver)) return [];
  const others = viewers.filter(({ isMe, mayDrive }) => mayDrive && !isMe);
  return others.map(({ link, name }) => ({
    link,
    label: `Hand keyboard to ${isMyself(viewers, name) ? "your other tab" : name}`,
  }));
}

/** Return the news that `giver` handed the keyboard over; null for someone unknown. */
export function handedSentence(viewers, giver) {
  if (!giver) return "You were handed the keyboard.";
  return isMyself(viewers, giver.name) ? "The keyboard was handed over to this tab." : `${giver.name} handed you the keyboard.`;
}

function isMyself(viewers, name) {
  return viewers.some((viewer) => viewer.isMe && viewer.name === name);
}

function typingOf(viewers, me, mayDrive) {
  const driver = viewers.find(({ isDriver }) => isDriver);
  if (!driver) return mayDrive ? "Nobody is typing: the first key takes the keyboard" : "Nobody is typing";
  if (driver.isMe) return "You are typing";
  return driver.name === me?.name ? "You are typing in another tab" : `${driver.name} is typing`;
}

function listOf(names) {
  const shown = names.slice(0, MOST_NAMED);
  return LIST.format(names.length > MOST_NAMED ? [...shown, `${names.length - MOST_NAMED} more`] : shown);
}
