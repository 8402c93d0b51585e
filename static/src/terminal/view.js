/** One terminal on the page: xterm.js, its connection, and what stands around them. */
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";

import { isAnswer, isFocusReport } from "../lib/typing/answers.js";
import { controlOf } from "../lib/typing/controls.js";
import { Connection } from "../lib/wire/connection.js";
import { exitSentence } from "../lib/words/exit-status.js";
import { webAddress } from "../lib/words/addresses.js";
import { lineCount, withoutBracketEnd } from "../lib/typing/paste.js";
import { WIDTHS } from "../lib/looks/widths.js";
import { handedSentence, heirsOf } from "../lib/words/people.js";
import { resize } from "../lib/wire/reflow.js";
import { Sequence } from "../lib/wire/sequence.js";
import { isScrolling, isTyping, shortcutOf } from "../lib/typing/shortcuts.js";
import { Banner } from "./banner.js";
import { Bell } from "./bell.js";
import { clipboardRead, copySelection } from "./clipboard.js";
import { browserClock } from "./clock.js";
import { element } from "./dom.js";
import { ExitBar } from "./panes/exit-bar.js";
import { Gpu } from "./gpu.js";
import { askToPaste } from "./dialogs/paste-dialog.js";
import { PeopleDialog } from "./dialogs/people-dialog.js";
import { Pointer } from "./pointer.js";
import { Scrollbar } from "./panes/scrollbar.js";
import { SearchBar } from "./search-bar.js";
import { Sizing } from "./panes/sizing.js";
import { SoftInput } from "./touch/soft-input.js";
import { StatusLine } from "./status-line.js";
import { TouchScroll } from "./touch/touch-scroll.js";

// A notice of the server that comes with a close belongs to the banner; one that the link outlives is news.
const CLOSE_FOLLOWS_MS = 200;

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const ENCODER = new TextEncoder();

export class View {
  term;
  connection;
  node;

  #context;
  #id;
  #mount = element("div", { class: "terminal-screen" });
  #bell;
  #gpu;
  #scrollbar;
  #search;
  #banner;
  #people;
  #status;
  #exit;
  #sizing;
  #soft;
  /** The server's last sentence. */
  #said = null;
  /** Whether the replay under way starts from nothing: then no key can be meant for what is not on the screen yet. */
  #isFresh = true;

  /**
   * `context` has client (32 hex digits), wantsToDrive, mayWrite, exitStatus (null unless it ended before), theme,
   * preferences, toasts, consent, keyRow, and the callbacks run(action), titled(title), ended(), create(),
   * close(), zoom() and nextPane(), all about the terminal `id`.
   */
  constructor(id, context) {
    this.#id = id;
    this.#context = context;
    this.term = new Terminal(this.#options());
    this.#gpu = new Gpu(this.term);
    this.#soft = new SoftInput(this.term, () => context.keyRow.isCtrlHeld);
    this.#bell = new Bell(this.#mount, context.preferences);
    this.connection = this.#makeConnection();
    this.#scrollbar = new Scrollbar(this.term);
    this.#sizing = new Sizing({
      term: this.term,
      mount: this.#mount,
      connection: this.connection,
      preferences: context.preferences,
    });
    this.#people = new PeopleDialog(this.connection, {
      hand: (heir) => this.#hand(heir),
      take: () => this.connection.takeKeyboard(),
      give: () => this.takeOrGiveKeyboard(),
      closed: () => this.focus(),
    });
    this.#status = new StatusLine(this.connection, {
      ...context,
      focus: () => this.focus(),
      showPeople: () => this.showPeople(),
    });
    this.#exit = new ExitBar(context.mayWrite ? { onNew: context.create, onClose: context.close } : {});
    this.#banner = new Banner({
      connection: this.connection,
      clock: browserClock,
      toasts: context.toasts,
      actions: this.#bannerActions(),
    });
    this.#search = new SearchBar(this.term, context.theme, this.#scrollbar, () => this.term.focus());
    const stage = element("div", { class: "terminal-stage" }, this.#banner.node, this.#search.node, this.#mount);
    this.node = element("div", { class: "terminal-view" }, stage, this.#exit.node, this.#status.node);
  }

  /** Put xterm.js on the page and connect; `node` must be on the page and visible, or its size is unknown. */
  connect() {
    this.#loadAddons();
    this.term.open(this.#mount);
    this.#scrollbar.start(this.#mount);
    this.term.textarea.setAttribute("aria-description", "Ctrl+Shift+E leaves the terminal. Ctrl+Shift+/ lists all keys.");
    this.#listen();
    this.#sizing.start();
    this.connection.connect();
  }

  dispose() {
    this.#sizing.hide();
    this.#banner.dispose();
    this.connection.dispose();
    this.#gpu.release();
    this.term.dispose();
    this.node.remove();
  }

  show() {
    this.#gpu.lease();
    this.#sizing.show();
    this.connection.wake();
  }

  hide() {
    this.#sizing.hide();
    this.#gpu.release();
  }

  focus() {
    this.term.focus();
  }

  /** The terminal's title is `title` now. */
  named(title) {
    this.#status.named(title);
  }

  /** It is number `place` of the `count` panes of its tab. */
  placed(place, count) {
    this.#status.placed(place, count);
  }

  async copy() {
    const isCopied = await copySelection(this.term);
    if (isCopied) this.#context.toasts.say("Copied.");
    return isCopied;
  }

  /** Paste what the clipboard holds: for a menu or a button, where no paste event brings it. */
  async pasteFromClipboard() {
    const text = await clipboardRead();
    if (text !== null) return this.paste(text);
    this.#context.toasts.show("info", "The browser does not let this page read the clipboard. Ctrl+Shift+V pastes.");
  }

  /** Take the keyboard from whoever has it, or leave it to the others. */
  takeOrGiveKeyboard() {
    if (!this.connection.isDriving) this.connection.takeKeyboard();
    else if (this.connection.giveKeyboard()) this.#context.toasts.say("Others may type now.");
    // The button that asked for it goes away.
    this.focus();
  }

  /** Say who looks and who types, and let the keyboard be handed on. */
  showPeople() {
    this.#people.open();
  }

  /** What only holds while these people are here, for the palette: [{id, label, run}]. */
  get handovers() {
    return heirsOf(this.connection.viewers).map((heir) => ({
      id: `hand-${heir.link}`,
      label: heir.label,
      run: () => this.#hand(heir),
    }));
  }

  openSearch() {
    this.#search.open();
  }

  /** Type `data`, as xterm.js would after a key: for the row of keys on touch screens. */
  type(data) {
    if (this.connection.isKeyboardFree) this.connection.takeKeyboard();
    this.term.input(data, true);
  }

  /** Send the word that an input method is still composing, so that what is typed next comes behind it. */
  settle() {
    this.#soft.settle();
  }

  /** Colours, text size or other choices changed. */
  restyle() {
    Object.assign(this.term.options, this.#looks());
    this.#sizing.now();
  }

  #options() {
    return {
      ...this.#looks(),
      allowProposedApi: true,
      disableStdin: true,
      drawBoldTextInBrightColors: false,
      linkHandler: this.#linkHandler(),
      macOptionClickForcesSelection: true,
      // A full-screen program puts the title back that it found; without these xterm.js would keep the program's own.
      windowOptions: { pushTitle: true, popTitle: true },
    };
  }

  /** What a person may choose, in xterm.js's words. */
  #looks() {
    const { theme, preferences } = this.#context;
    const { cursorBlink, cursorShape, fontSize, lineHeight, screenReader, scrollback } = preferences.values;
    return {
      cursorBlink: cursorBlink && !matchMedia("(prefers-reduced-motion: reduce)").matches,
      cursorStyle: cursorShape,
      fontFamily: theme.fontFamily,
      fontSize,
      lineHeight,
      minimumContrastRatio: theme.contrast,
      screenReaderMode: screenReader,
      scrollback,
      theme: theme.terminal,
    };
  }

  #makeConnection() {
    const sequence = new Sequence(this.#screen(), {
      parsed: (offset, link) => this.connection.parsed(offset, link),
      replayed: (link) => this.connection.replayed(link),
      asked: (query, link) => this.#asked(query, link),
      exited: (status) => this.#exited(status),
    });
    return new Connection({
      url: addressOf(this.#id),
      client: this.#context.client,
      size: { cols: this.term.cols, rows: this.term.rows },
      lines: () => this.term.options.scrollback + this.term.rows,
      wantsToDrive: this.#context.wantsToDrive,
      openSocket: (url, subprotocol) => new WebSocket(url, subprotocol),
      clock: browserClock,
      random: Math.random,
      isOnline: () => navigator.onLine,
      listener: {
        frame: (frame, link) => {
          if (frame.type === "reset") this.#isFresh = true;
          sequence.push(frame, link);
        },
        welcomed: ({ title }) => this.#context.titled(title),
        changed: () => this.#changed(),
        handed: (giver) => this.#handed(giver),
        notice: (notice) => this.#noticed(notice),
      },
    });
  }

  #screen() {
    return {
      write: (bytes, done) => this.term.write(bytes, done),
      resize: (cols, rows) => {
        resize(this.term, cols, rows);
        this.#changed();
        this.#sizing.now();
      },
    };
  }

  #loadAddons() {
    this.term.unicode.register(WIDTHS);
    this.term.unicode.activeVersion = WIDTHS.version;
    this.term.loadAddon(new WebLinksAddon((_, address) => openAddress(address), this.#addressHints()));
  }

  #listen() {
    const { term } = this;
    term.onData((data) => this.#typed(data));
    term.onBinary((data) => this.connection.send(Uint8Array.from(data, (char) => char.charCodeAt(0))));
    term.onResize(() => this.#status.update(term));
    term.onBell(() => this.connection.state === "live" && this.#bell.ring());
    term.onTitleChange((title) => (this.#mount.title = title.slice(0, 200)));
    term.attachCustomKeyEventHandler((event) => this.#mayHandleKey(event));
    term.parser.registerOscHandler(52, (body) => this.#clipboardAsked(body));
    this.#soft.connect();
    this.#mount.addEventListener("paste", (event) => this.#pasted(event), { capture: true });
    this.#mount.addEventListener("pointerdown", () => this.#touched());
    new Pointer(this, this.#context.preferences).connect(this.#mount);
    new TouchScroll(this.term, this.#scrollbar).connect(this.#mount);
  }

  // The connection speaks.

  #changed() {
    const { state, canType, refusal } = this.connection;
    if (state === "live") this.#isFresh = false;
    // Only the driver's terminal may answer what programs ask, and nobody's while old questions are replayed.
    this.term.options.disableStdin = !canType || (state === "replaying" && this.#isFresh);
    if (refusal?.reason === "gone") this.#ended(this.#context.exitStatus === null ? (this.#said ?? refusal.text) : null);
    else this.#banner.update();
    this.#status.update(this.term);
    this.#people.update();
    this.#sizing.soon();
  }

  #handed(giver) {
    this.#context.toasts.show("info", handedSentence(this.connection.viewers, giver));
    this.#status.point();
    // Who does not see this page cannot type there, and a page in the background would hold the program back.
    if (document.visibilityState === "hidden") this.connection.yieldKeyboard();
  }

  #noticed({ level, text }) {
    this.#said = text;
    this.#banner.quote(text);
    browserClock.after(CLOSE_FOLLOWS_MS, () => this.#hasLink() && this.#context.toasts.show(level, text));
  }

  #hasLink() {
    return ["replaying", "live", "ended"].includes(this.connection.state);
  }

  #exited(status) {
    this.connection.exited();
    this.#context.exitStatus = status;
    this.#ended();
  }

  /** Nothing will follow. `text` says why, where no exit status does. */
  #ended(text = null) {
    this.#banner.hide();
    this.#exit.show(text ?? exitSentence(this.#context.exitStatus));
    this.#context.toasts.say(this.#exit.text);
    this.#context.ended();
  }

  #bannerActions() {
    // The button goes away with the banner; the focus belongs to the terminal then.
    const reconnect = () => {
      this.connection.reconnect();
      this.focus();
    };
    return {
      reconnect,
      use_here: reconnect,
      reload: () => location.reload(),
      sign_in: () => location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.hash)}`),
      close: () => this.#context.close(),
    };
  }

  // The person speaks.

  #hand({ link }) {
    this.connection.handKeyboard(link);
    this.focus();
  }

  #typed(data) {
    // A resumed link keeps the keyboard open during its short replay: keys are kept, answers to old questions are not.
    if (isAnswer(data) && !this.connection.mayAnswer) return;
    if (isFocusReport(data) && this.connection.state !== "live") return;
    this.connection.send(ENCODER.encode(this.#context.keyRow.withCtrl(data)));
  }

  /** Whether xterm.js may have the key. Runs before xterm.js looks at it, so taking the keyboard here loses no key. */
  #mayHandleKey(event) {
    const action = shortcutOf(event, IS_MAC);
    if (action !== null) return this.#shortcut(event, action);
    if (event.type !== "keydown") return true;
    if (isTyping(event)) this.#touched(event);
    if (isScrolling(event)) this.#scrollbar.follow();
    const control = controlOf(event);
    return control === null ? this.#soft.mayHandle(event) : this.#sendControl(event, control);
  }

  #sendControl(event, control) {
    event.preventDefault();
    this.term.input(control, true);
    return false;
  }

  #shortcut(event, action) {
    const isForBrowser = action === "paste" || (action === "copy" && event.metaKey);
    if (isForBrowser) return false;
    event.preventDefault();
    if (event.type === "keydown") this.#context.run(action);
    return false;
  }

  /** Typing or touching takes a keyboard that nobody has; where someone has it, say who. */
  #touched(/** @type {any} */ key = null) {
    if (this.connection.isKeyboardFree) this.connection.takeKeyboard();
    else if (key && !this.connection.canType) this.#refuseKey();
  }

  /** Say why typing leads nowhere. */
  #refuseKey() {
    this.#status.point();
    const isLooking = this.connection.state === "live" && !this.connection.mayDrive;
    if (isLooking) this.#context.toasts.say("You are looking at this terminal. What you type is not sent.");
  }

  #pasted(event) {
    event.preventDefault();
    event.stopPropagation();
    this.paste(event.clipboardData?.getData("text/plain") ?? "");
  }

  /** Paste `text`, asking first where a shell would run every line of it at once. */
  async paste(text) {
    this.#touched("paste");
    if (text === "" || this.term.options.disableStdin) return;
    const { epoch } = this.connection.position;
    const wanted = await this.#wanted(text);
    if (wanted !== null) this.#pasteInto(epoch, wanted);
    this.term.focus();
  }

  /** The question may have been open for long: the paste was meant for the shell `epoch`, and for who types there. */
  #pasteInto(epoch, text) {
    const isNewShell = epoch !== this.connection.position.epoch;
    if (isNewShell) this.#context.toasts.show("warning", "This is a new shell. Nothing was pasted.");
    else if (this.term.options.disableStdin)
      this.#context.toasts.show("warning", "You cannot type here any more. Nothing was pasted.");
    else this.term.paste(withoutBracketEnd(text));
  }

  /** Return what is to be pasted of `text`, null for nothing. A program that asked for brackets gets it as one piece. */
  async #wanted(text) {
    const { preferences } = this.#context;
    const isHarmless = this.term.modes.bracketedPasteMode || lineCount(text) === 1;
    if (isHarmless || !preferences.values.pasteWarning) return text;
    const answer = await askToPaste(text);
    if (answer.text !== null) preferences.choose("pasteWarning", answer.isAskedAgain);
    return answer.text;
  }

  // Programs speak.

  /** What a program asked while nobody could answer is put to xterm.js once more. */
  #asked(query, link) {
    const question = this.connection.asked(query, link);
    if (question) this.term.write(question);
  }

  /** OSC 52. A viewer's clipboard is no business of someone else's program, nor of one that ran long ago. */
  #clipboardAsked(body) {
    if (this.connection.isDriving && this.connection.state === "live") this.#context.consent.offer(body);
    return true;
  }

  #linkHandler() {
    return { activate: (_, address) => openAddress(address), ...this.#addressHints() };
  }

  #addressHints() {
    return {
      hover: (_, address) => this.#status.showAddress(webAddress(address)),
      leave: () => this.#status.showAddress(null),
    };
  }
}

function addressOf(id) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/ws/terminals/${encodeURIComponent(id)}/`;
}

function openAddress(text) {
  const address = webAddress(text);
  if (address) window.open(address, "_blank", "noopener,noreferrer");
}
