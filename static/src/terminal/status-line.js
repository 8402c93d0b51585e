/** One line below a terminal: whether it is connected, who looks, who types, and the button that takes the keyboard. */
import { element, textButton } from "./dom.js";

const STATES = {
  idle: ["", "Not connected"],
  connecting: ["busy", "Connecting"],
  replaying: ["busy", "Loading"],
  live: ["good", "Connected"],
  waiting: ["bad", "Reconnecting"],
  offline: ["bad", "Offline"],
  ended: ["", "Ended"],
  refused: ["bad", "Disconnected"],
};

const IS_OVER = new Set(["idle", "ended", "refused"]);

export class StatusLine {
  #connection;
  #state = element("span", { class: "terminal-state" });
  #people = element("span", { class: "terminal-people" });
  #take;
  #size = element("span", { class: "terminal-size muted", title: "Columns × rows" });
  #address = element("span", { class: "terminal-address mono", hidden: true });
  #line;

  /** `onTake` is called after the person asked for the keyboard. */
  constructor(connection, onTake) {
    this.#connection = connection;
    this.#take = textButton("Take over", () => {
      connection.takeKeyboard();
      onTake();
    });
    const parts = [this.#state, this.#people, this.#take, this.#address, this.#size];
    this.#line = element("div", { class: "terminal-status small" }, ...parts);
  }

  get node() {
    return this.#line;
  }

  update(term) {
    const { state, viewers, mayDrive } = this.#connection;
    const [kind, word] = STATES[state];
    this.#state.className = `terminal-state ${kind}`;
    this.#state.textContent = word;
    this.#people.textContent = IS_OVER.has(state) ? "" : peopleSentence(viewers, mayDrive, this.#connection.isDriving);
    this.#take.hidden = !(mayDrive && state === "live" && !this.#connection.isDriving);
    this.#size.textContent = `${term.cols} × ${term.rows}`;
  }

  /** Draw the eye to who types: a key was pressed that led nowhere. */
  point() {
    this.#people.classList.remove("is-pointed-at");
    void this.#people.offsetWidth;
    this.#people.classList.add("is-pointed-at");
  }

  /** Show where a link leads while the pointer is on it; null when it left. */
  showAddress(address) {
    this.#address.hidden = address === null;
    this.#address.textContent = address ?? "";
  }
}

/** Who types and who only looks, as a sentence; nothing when one person is alone with the keyboard. */
function peopleSentence(viewers, mayDrive, isDriving) {
  const others = viewers.filter(({ isMe }) => !isMe);
  const driver = others.find(({ isDriver }) => isDriver);
  const me = viewers.find(({ isMe }) => isMe);
  const lookers = others.filter(({ isDriver }) => !isDriver).map(({ name }) => name);
  const typing = driver ? typingOf(driver, me) : isDriving ? "You are typing" : "Nobody is typing";
  const looking = lookers.length > 0 ? `${listOf(lookers)} ${lookers.length > 1 ? "look" : "looks"} on` : null;
  const mine = mayDrive || viewers.length === 0 ? null : "you may only look";
  if (isDriving && others.length === 0) return "";
  return viewers.length === 0 ? "" : [typing, looking, mine].filter(Boolean).join(" · ");
}

function typingOf(driver, me) {
  return driver.name === me?.name ? "You are typing in another tab" : `${driver.name} is typing`;
}

const LIST = new Intl.ListFormat("en");

function listOf(names) {
  const shown = names.slice(0, 3);
  return LIST.format(names.length > 3 ? [...shown, `${names.length - 3} more`] : shown);
}
