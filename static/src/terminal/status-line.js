/** One line below a terminal: whether it is connected, who looks, who types, and the buttons that hand on the keyboard. */
import { initialsOf, peopleSentence } from "../lib/words/people.js";
import { element, iconButton, setAttribute, textButton } from "./dom.js";
import { icon } from "./icons.js";

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
const MOST_FACES = 4;

export class StatusLine {
  #connection;
  #state = element("span", { class: "terminal-state" });
  #title = element("span", { class: "terminal-title" });
  #looking = element("span", { class: "terminal-looking", hidden: true }, icon("eye"), "You are looking");
  #faces = element("span", { class: "terminal-faces", "aria-hidden": "true" });
  #people = element("span", { class: "terminal-people" });
  #who;
  #take;
  #give;
  #next;
  #size = element("span", { class: "terminal-size muted", title: "Columns × rows" });
  #address = element("span", { class: "terminal-address mono", hidden: true });
  #line;

  /** `focus()` goes back to the terminal; `run(action)`, `showPeople()`, `nextPane()`, `zoom()` and `close()` act on its pane. */
  constructor(connection, { focus, run, showPeople, nextPane, zoom, close, mayWrite }) {
    this.#connection = connection;
    this.#take = textButton("Take over", () => {
      connection.takeKeyboard();
      focus();
    });
    this.#give = textButton("Let others type", () => run("keyboard"), "terminal-give");
    this.#who = element(
      "button",
      { type: "button", class: "button quiet terminal-who", "aria-haspopup": "dialog", on: { click: () => showPeople() } },
      this.#faces,
      this.#people,
    );
    this.#next = element("button", { type: "button", class: "button quiet next-pane", on: { click: () => nextPane() } });
    const tools = element(
      "span",
      { class: "terminal-pane-tools" },
      this.#next,
      iconButton(icon("arrowsMaximize"), "Zoom the pane, and back", zoom, { class: "button quiet square zoom-pane" }),
      mayWrite ? iconButton(icon("x"), "Close the terminal", close) : null,
    );
    const who = [this.#looking, this.#who, this.#take, this.#give];
    this.#line = element(
      "div",
      { class: "terminal-status small" },
      this.#state,
      this.#title,
      ...who,
      this.#address,
      this.#size,
      tools,
    );
  }

  get node() {
    return this.#line;
  }

  /** The terminal is called `title`; seen where it stands beside others. */
  named(title) {
    this.#title.textContent = title;
  }

  /** It is number `place` of `count` panes; seen where there is room for one of them only. */
  placed(place, count) {
    this.#next.replaceChildren(`${place} of ${count}`, icon("chevronRight"));
    setAttribute(this.#next, "aria-label", `Next pane: ${place} of ${count}`);
  }

  update(term) {
    const { state, viewers, mayDrive, isDriving } = this.#connection;
    const [kind, word] = STATES[state];
    this.#state.className = `terminal-state ${kind}`;
    this.#state.textContent = word;
    const present = IS_OVER.has(state) ? [] : viewers;
    this.#say(peopleSentence(present, mayDrive));
    this.#faces.replaceChildren(...facesOf(present));
    this.#looking.hidden = mayDrive || present.length === 0;
    this.#take.hidden = !(mayDrive && state === "live" && !isDriving);
    this.#give.hidden = !(isDriving && state === "live" && viewers.some((viewer) => viewer.mayDrive && !viewer.isMe));
    this.#size.textContent = `${term.cols} × ${term.rows}`;
  }

  #say(sentence) {
    this.#people.textContent = sentence;
    this.#who.title = sentence;
    this.#who.hidden = sentence === "";
  }

  /** Draw the eye to who types: a key was pressed that led nowhere. */
  point() {
    for (const node of [this.#people, this.#looking]) {
      node.classList.remove("is-pointed-at");
      void node.offsetWidth;
      node.classList.add("is-pointed-at");
    }
  }

  /** Show where a link leads while the pointer is on it; null when it left. */
  showAddress(address) {
    this.#address.hidden = address === null;
    this.#address.textContent = address ?? "";
  }
}

/** Small round initials of those who are there, the typing one marked; nothing for one who is alone. */
function facesOf(viewers) {
  if (viewers.length < 2) return [];
  const faces = viewers.slice(0, MOST_FACES).map(({ name, isDriver }) => face(initialsOf(name), name, isDriver));
  const more = viewers.length - MOST_FACES;
  return more > 0 ? [...faces, face(`+${more}`, `${more} more`, false)] : faces;
}

function face(text, title, isDriver) {
  return element("span", { class: isDriver ? "terminal-face is-typing" : "terminal-face", title }, text);
}
