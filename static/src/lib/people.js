/** Who looks at a terminal and who types, in words. A viewer is {name, mayDrive, isDriver, isMe}, as in keyboard.js. */

const LIST = new Intl.ListFormat("en");
const MOST_NAMED = 3;

/** Return up to two letters for a name: "Ada Lovelace" gives "AL", "bob@example.com" "B". */
export function initialsOf(name) {
  const words = name.split("@")[0].split(/[\s._-]+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase();
}

/** Return who types and who only looks as a sentence; "" when one person is alone with the keyboard. */
export function peopleSentence(viewers, mayDrive) {
  const me = viewers.find(({ isMe }) => isMe);
  const others = viewers.filter(({ isMe }) => !isMe);
  if (viewers.length === 0 || (me?.isDriver && others.length === 0)) return "";
  const lookers = others.filter(({ isDriver }) => !isDriver).map(({ name }) => name);
  const looking = lookers.length > 0 ? `${listOf(lookers)} ${lookers.length > 1 ? "look" : "looks"} on` : null;
  return [typingOf(viewers, me, mayDrive), looking].filter(Boolean).join(" · ");
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
