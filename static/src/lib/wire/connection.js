/**
 * One viewer's tie to one terminal, without a screen: it outlives its links, comes back by itself and loses nothing.
 *
 *   idle -> connecting -> replaying -> live -> ended
 *               ^             |          |
 *               '-- waiting, offline <---'        refused: comes back only when asked to
 *
 * Frames go to the listener in order; the listener says what is parsed (`parsed`, `replayed`, `exited`), because only
 * that may be acknowledged. It hands back the link a frame came over, so that news of an old one is told apart.
 */

import { Acknowledger } from "./acknowledger.js";
import { Answers } from "../typing/answers.js";
import { Backoff } from "./backoff.js";
import { finalClose, leastWait } from "./close-codes.js";
import { InputQueue } from "./input-queue.js";
import { Keyboard } from "../typing/keyboard.js";
import { Link } from "./link.js";
import { drive, hand, hello } from "./messages.js";
import { clampSize, encodeAck, encodeInput, encodeResize, ProtocolError } from "./protocol.js";

// A link that is older than this and has no welcome is not worth waiting for when the person comes back.
const STALE_ATTEMPT_MS = 3_000;
// Without a network only a server on this machine answers: look seldom, and at once when the browser says so.
const OFFLINE_WAIT_MS = 5_000;

const SILENT = { frame() {}, changed() {}, welcomed() {}, handed() {}, notice() {} };

export class Connection {
  #options;
  #listener;
  #backoff;
  #acknowledger;
  #input = new InputQueue();
  #answers = new Answers();

  #state = "idle";
  /** @type {Link | null} */
  #link = null;
  #openedAt = 0;
  #cancelRetry = () => {};
  #retryAt = null;
  /** @type {ReturnType<typeof finalClose>} */
  #refusal = null;

  #epoch = null;
  /** Offset of the next byte of output; null asks for the lines that the screen keeps. */
  #received = null;
  #size;
  #keyboard;

  /**
   * `client`: 32 hex digits that name this viewer. `size`: {cols, rows} its screen has room for. `wantsToDrive`: whether
   * the first link takes the keyboard when nobody has it. `lines()`: how many lines the screen keeps. `openSocket(url, subprotocol)` returns a WebSocket. `clock`
   * has now() in milliseconds and after(ms, callback), which returns a function that cancels. `random` and `isOnline`
   * are functions without arguments.
   *
   * `listener` has frame(frame, link), welcomed(welcome), changed() for every change of state, keyboard or viewers,
   * handed(giver) when another viewer handed the keyboard over, and notice({level, code, text}).
   */
  constructor({ size, wantsToDrive, random, listener, ...options }) {
    this.#options = options;
    this.#size = clampSize(size.cols, size.rows);
    this.#keyboard = new Keyboard(wantsToDrive);
    this.#listener = listener;
    this.#backoff = new Backoff(random);
    this.#acknowledger = new Acknowledger(options.clock, (offset) => this.#link?.send(encodeAck(offset)));
  }

  /** One of idle, connecting, replaying, live, waiting, offline, ended, refused. */
  get state() {
    return this.#state;
  }

  /** When the next attempt is due, on the clock's scale; null when none is planned. */
  get retryAt() {
    return this.#retryAt;
  }

  /** Why the server refused, as {reason, text, action}; null otherwise. */
  get refusal() {
    return this.#refusal;
  }

  /** Whether this viewer types and sets the size. Stays true while the link is away: it comes back as the driver. */
  get isDriving() {
    return this.#keyboard.isMine;
  }

  /** Whether typing leads anywhere: this viewer drives, or has just asked to. */
  get canType() {
    return this.#keyboard.isComing && this.#state !== "ended" && this.#state !== "refused";
  }

  /** Whether what xterm.js answers to a question that it has just read may be sent. */
  get mayAnswer() {
    return this.isDriving && this.#answers.maySend(this.#state === "live");
  }

  get mayDrive() {
    return this.#keyboard.mayDrive;
  }

  /** Whether this viewer could type by simply starting to. */
  get isKeyboardFree() {
    return this.#isLinked() && this.#keyboard.isFree;
  }

  /** Everybody who looks at this terminal: [{link, name, mayDrive, isDriver, isMe}]. The last known while the link is away. */
  get viewers() {
    return this.#keyboard.viewers;
  }

  /** Bytes typed that the terminal has not confirmed. */
  get unconfirmedBytes() {
    return this.#input.keptBytes;
  }

  /** The holder's incarnation as 16 hex digits and the offset up to which output has arrived; null before the first. */
  get position() {
    return { epoch: this.#epoch, offset: this.#received };
  }

  connect() {
    if (this.#state === "idle") this.#open();
  }

  /** Close for good; the listener hears nothing any more. */
  dispose() {
    this.#listener = SILENT;
    this.#leave();
    this.#state = "ended";
  }

  /** Come back now, also after a refusal. */
  reconnect() {
    if (this.#state === "ended") return;
    this.#backoff.reset();
    this.#leave();
    this.#open();
  }

  /** The person is back (focus, network, visible page): come back at once, or find out whether the link still lives. */
  wake() {
    if (this.#isLinked()) /** @type {Link} */ (this.#link).probe();
    else if (this.#state === "waiting" || this.#state === "offline" || this.#isStale()) this.reconnect();
  }

  /** Type `bytes`: kept until the terminal has them. Returns false when they lead nowhere or are more than fits. */
  send(bytes) {
    if (this.isKeyboardFree) this.takeKeyboard();
    if (!this.canType) return false;
    const isKept = this.#input.push(bytes);
    if (!isKept) this.#note("warning", "input_full", "This is more than the terminal's input holds. Nothing of it was sent.");
    this.#pump();
    return isKept;
  }

  /** Ask for the keyboard, also when someone else has it. */
  takeKeyboard() {
    if (!this.#isLinked() || !this.#keyboard.ask()) return;
    /** @type {Link} */ (this.#link).send(drive());
    this.#listener.changed();
  }

  /**
   * Nobody sees this page: become a viewer who only looks. Browsers slow hidden pages down to a few hundred KiB of
   * output a second, and a program waits for the driver's page. The link is made again, as it cannot give the role back.
   */
  yieldKeyboard() {
    if (this.#input.keptBytes > 0 || !this.#keyboard.yield()) return;
    if (this.#isLinked()) this.reconnect();
  }

  /** Let others type: stop driving, and take the keyboard back only when asked to. Returns whether it was here. */
  giveKeyboard() {
    if (this.#hasMoreToSay() || !this.#keyboard.give()) return false;
    if (this.#isLinked()) this.reconnect();
    return true;
  }

  /** Hand the keyboard to another viewer, by the number of their link. Returns whether that is under way. */
  handKeyboard(link) {
    if (!this.#isLinked() || !this.#keyboard.isConfirmed || this.#hasMoreToSay()) return false;
    /** @type {Link} */ (this.#link).send(hand(link));
    return true;
  }

  /** The page is seen again: take the keyboard back, unless someone else has it now. */
  reclaimKeyboard() {
    if (this.#keyboard.reclaim()) this.takeKeyboard();
  }

  /** This viewer's screen now has room for `cols` x `rows`. */
  resize(cols, rows) {
    const size = clampSize(cols, rows);
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
    this.#size = size;
    if (this.#isLinked()) /** @type {Link} */ (this.#link).send(encodeResize(size.cols, size.rows));
  }

  /** Everything before `offset` is parsed; it came over `link`. */
  parsed(offset, link) {
    if (this.#isLinked() && link.epoch === this.#epoch) this.#acknowledger.parsed(offset);
  }

  /** The replay of `link` is parsed up to its end. */
  replayed(link) {
    if (link !== this.#link || this.#state !== "replaying") return;
    this.#backoff.reset();
    this.#become("live");
  }

  /** A QUERY of `link` is due. Returns what to put to the terminal, as bytes that change nothing on it; null for nothing. */
  asked(query, link) {
    return link === this.#link && this.isDriving ? this.#answers.asked(query) : null;
  }

  /** The end of the terminal is shown: nothing will follow, nothing typed will arrive. */
  exited() {
    this.#input.clear();
    this.#leave();
    this.#become("ended");
  }

  // Links come and go.

  #open() {
    const link = new Link({
      ...this.#options,
      hello: () => this.#hello(),
      listener: {
        message: (message) => this.#message(message),
        frame: (frame) => this.#frame(frame, link),
        closed: (code, error) => this.#closed(code, error),
      },
    });
    this.#link = link;
    this.#openedAt = this.#options.clock.now();
    this.#become("connecting");
  }

  #hello() {
    const isResuming = this.#epoch !== null && this.#received !== null;
    return hello({
      client: this.#options.client,
      epoch: isResuming ? this.#epoch : null,
      offset: isResuming ? this.#received : null,
      ...this.#size,
      drive: this.#keyboard.isWanted,
      lines: this.#options.lines(),
    });
  }

  #closed(code, error) {
    this.#link = null;
    if (error) this.#note("error", "malformed", `The link to the terminal broke: ${error.message}.`);
    this.#refusal = finalClose(code);
    if (this.#refusal) return this.#refuse();
    const isOnline = this.#options.isOnline();
    this.#retryIn(this.#backoff.next(Math.max(leastWait(code), isOnline ? 0 : OFFLINE_WAIT_MS)));
    this.#become(isOnline ? "waiting" : "offline");
  }

  #refuse() {
    this.#dropInput();
    this.#become("refused");
  }

  #retryIn(ms) {
    this.#retryAt = this.#options.clock.now() + ms;
    this.#cancelRetry = this.#options.clock.after(ms, () => {
      this.#leave();
      this.#open();
    });
  }

  /** Forget the link and the planned attempt. */
  #leave() {
    this.#cancelRetry();
    this.#retryAt = null;
    this.#refusal = null;
    this.#acknowledger.stop();
    this.#link?.close();
    this.#link = null;
  }

  /** Whether something typed has not arrived, which would be lost with the keyboard; says so. */
  #hasMoreToSay() {
    const isBusy = this.#input.keptBytes > 0;
    if (isBusy)
      this.#note("info", "input_under_way", "What you typed is still under way. You keep the keyboard until it has arrived.");
    return isBusy;
  }

  #isLinked() {
    return this.#state === "replaying" || this.#state === "live";
  }

  #isStale() {
    return this.#state === "connecting" && this.#options.clock.now() - this.#openedAt > STALE_ATTEMPT_MS;
  }

  #become(state) {
    this.#state = state;
    this.#listener.changed();
  }

  // What the server says.

  #message(message) {
    if (message.type === "welcome") this.#welcomed(message);
    else if (message.type === "presence") this.#met(message);
    else if (message.type === "notice") this.#listener.notice(message);
  }

  #welcomed(welcome) {
    const isAnotherTerminal = this.#epoch !== null && this.#epoch !== welcome.epoch;
    this.#epoch = welcome.epoch;
    this.#keyboard.welcomed(welcome);
    if (isAnotherTerminal) this.#startAnew();
    if (this.#input.resume(welcome.lastSeq) > 0) this.#noteDropped();
    this.#answers.welcomed(welcome.queries, this.#input.unsent);
    this.#acknowledger.start(this.#received ?? 0);
    this.#listener.welcomed(welcome);
    this.#become("replaying");
  }

  /** What was typed was not meant for the shell that answers now. */
  #startAnew() {
    this.#received = null;
    this.#dropInput();
    this.#note("info", "new_shell", "The sandbox was started again: this is a new shell.");
  }

  #met(presence) {
    const whose = this.#keyboard.met(presence);
    if (!this.isDriving) this.#answers.stop();
    if (whose === "mine" || whose === "handed") this.#pump();
    if (whose === "theirs") this.#lostKeyboard();
    if (whose === "free" && (this.#keyboard.isWanted || this.#input.keptBytes > 0)) this.takeKeyboard();
    this.#listener.changed();
    if (whose === "handed") this.#listener.handed(this.#keyboard.giver);
  }

  /**
   * Someone else types now, so what was not sent yet is dropped. Whether the holder took the frames on the wire only a
   * new welcome can tell; without it the next frame's number would be a guess. So the link is made again.
   */
  #lostKeyboard() {
    const isUncertain = this.#input.hasUnacknowledged;
    this.#dropInput();
    if (isUncertain) this.reconnect();
  }

  #dropInput() {
    if (this.#input.clear() > 0) this.#noteDropped();
  }

  #noteDropped() {
    this.#note("warning", "input_dropped", "What you typed last did not reach the terminal.");
  }

  #note(level, code, text) {
    this.#listener.notice({ level, code, text });
  }

  // What the holder says.

  #frame(frame, link) {
    if (frame.type === "input_ack") return this.#acknowledged(frame.seq);
    if (frame.type === "gap") return this.#note("info", "gap", skipped(frame.to - frame.from));
    if (frame.type === "reset") this.#startReplay(frame);
    if (frame.type === "output") this.#received = this.#checkedEnd(frame);
    this.#listener.frame(frame, link);
  }

  #startReplay({ offset }) {
    this.#received = offset;
    this.#answers.stop();
  }

  #checkedEnd({ offset, bytes }) {
    const due = this.#received ?? offset;
    if (offset !== due) throw new ProtocolError(`output at ${offset} where ${due} was due`);
    return offset + bytes.length;
  }

  #acknowledged(seq) {
    this.#input.acknowledge(seq);
    this.#pump();
  }

  #pump() {
    if (!this.#isLinked() || !this.#keyboard.isConfirmed) return;
    for (let frame = this.#input.take(); frame; frame = this.#input.take()) {
      /** @type {Link} */ (this.#link).send(encodeInput(frame.seq, frame.bytes));
    }
  }
}

function skipped(count) {
  return `${Math.ceil(count / 1024).toLocaleString("en")} KiB of output went by faster than this page could show it.`;
}
