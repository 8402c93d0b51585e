/**
 * A holder and the server in front of it, in this process, speaking `sandlot.terminal.v1`.
 *
 * A scripted double, because a real network cannot be cut at a chosen byte. It keeps a ring of output, numbers, windows
 * and one driver, as the real holder does; what reaches the shell is in `written`.
 */
import * as frames from "./frames.js";

const WINDOW_BYTES = 256 * 1024;
const PIECE_BYTES = 32 * 1024;

export class FakeHolder {
  epoch;
  head = 0;
  written = [];
  links = new Set();
  driver = null;
  status = null;
  cols = 80;
  rows = 24;
  /** Escape sequences for the state at an offset; a test that replays from the middle says what they are. */
  preambleAt = () => new Uint8Array();
  mayDrive = true;
  /** Whether it says which questions are a viewer's; a test sends the frames. */
  queries = false;

  #kept = [];
  #keptFrom = 0;
  #ringBytes;
  #accepted = new Map();
  #linkCount = 0;

  constructor({ ringBytes = 1024 * 1024, epoch = "00000000000000aa" } = {}) {
    this.#ringBytes = ringBytes;
    this.epoch = epoch;
  }

  /** All bytes that reached the shell. */
  get input() {
    return Buffer.concat(this.written);
  }

  /** The shell prints `bytes`. */
  print(bytes) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) this.#keep(bytes.subarray(at, at + PIECE_BYTES));
    for (const link of this.links) this.#flush(link);
  }

  exit(status) {
    this.status = status;
    for (const link of this.links) this.#flush(link);
  }

  /** Start again with nothing: another shell behind the same terminal id. */
  restart(epoch) {
    for (const link of [...this.links]) link.socket.cut(1012);
    Object.assign(this, { epoch, head: 0, written: [], driver: null, status: null });
    this.#kept = [];
    this.#keptFrom = 0;
    this.#accepted.clear();
  }

  /** A message of a browser arrived over `socket`. */
  receive(socket, message) {
    if (typeof message === "string") this.#text(socket, JSON.parse(message));
    else this.#frame(socket.link, frames.decode(message));
  }

  /** The connection of `socket` ended. */
  left(socket) {
    if (!socket.link || !this.links.delete(socket.link)) return;
    if (this.driver === socket.link) this.driver = null;
    this.#announce();
  }

  #text(socket, message) {
    if (message.type === "hello") this.#join(socket, message);
    else if (message.type === "drive" && this.mayDrive) this.#drive(socket.link);
    else if (message.type === "hand") this.#hand(socket.link, message.to);
    else if (message.type === "ping") socket.link.send(JSON.stringify({ type: "pong", n: message.n }));
  }

  #join(socket, { client, epoch, offset, cols, rows, drive }) {
    for (const other of [...this.links]) if (other.client === client) other.socket.cut(4409);
    this.#linkCount += 1;
    const link = { id: this.#linkCount, socket, client, wants: { cols, rows }, isReplaying: true };
    link.send = (data) => socket.deliver(data);
    socket.link = link;
    this.links.add(link);
    const mayTake = this.driver === null && drive && this.mayDrive;
    if (mayTake) this.#become(link);
    link.send(this.#welcome(link, client));
    if (this.#accepted.has(client)) link.send(frames.inputAck(this.#accepted.get(client)));
    this.#announce();
    this.#startReplay(link, epoch, offset);
  }

  #welcome(link, client) {
    return JSON.stringify({
      type: "welcome",
      epoch: this.epoch,
      offset: this.head,
      cols: this.cols,
      rows: this.rows,
      link: link.id,
      last_seq: this.#accepted.get(client) ?? 0,
      created: false,
      exited: this.status !== null,
      may_drive: this.mayDrive,
      title: "Terminal 1",
      queries: this.queries,
    });
  }

  #startReplay(link, epoch, offset) {
    const resumes = epoch === this.epoch && offset !== null && offset >= this.#keptFrom && offset <= this.head;
    link.sent = resumes ? offset : this.#keptFrom;
    link.acked = link.sent;
    link.replayUntil = this.head;
    if (!resumes && epoch === this.epoch && offset !== null) link.send(frames.gap(offset, this.#keptFrom));
    if (!resumes) link.send(frames.reset(link.sent, this.preambleAt(link.sent)));
    link.size = null;
    this.#sizeChanged(link);
    this.#flush(link);
  }

  #frame(link, frame) {
    if (frame.type === "input") this.#input(link, frame);
    else if (frame.type === "resize") this.#resize(link, frame);
    else if (frame.offset > link.sent) throw new Error(`ACK ${frame.offset} is ahead of what was sent, ${link.sent}`);
    else {
      link.acked = Math.max(link.acked, frame.offset);
      this.#flush(link);
    }
  }

  #input(link, { seq, bytes }) {
    if (link !== this.driver || this.status !== null) return;
    const last = this.#accepted.get(link.client) ?? 0;
    if (seq > last + 1) throw new Error(`INPUT ${seq} came after ${last}`);
    if (seq === last + 1) {
      this.#accepted.set(link.client, seq);
      this.written.push(Buffer.from(bytes));
    }
    link.send(frames.inputAck(Math.max(seq, last)));
  }

  #resize(link, { cols, rows }) {
    link.wants = { cols, rows };
    if (link === this.driver) this.#setSize(link.wants);
  }

  #drive(link) {
    this.#become(link);
    this.#announce();
  }

  #hand(link, to) {
    const other = [...this.links].find(({ id }) => id === to);
    if (link === this.driver && other && this.mayDrive) this.#drive(other);
  }

  #become(link) {
    this.driver = link;
    this.#setSize(link.wants);
  }

  #setSize({ cols, rows }) {
    Object.assign(this, { cols, rows });
    this.#kept.push({ from: this.head, size: { cols, rows } });
    for (const link of this.links) if (link.sent !== undefined) this.#flush(link);
  }

  #announce() {
    const viewers = [...this.links].map(({ id, client }) => ({ link: id, name: client.slice(0, 3), may_drive: true }));
    const presence = JSON.stringify({ type: "presence", driver: this.driver?.id ?? 0, viewers });
    for (const link of this.links) link.send(presence);
  }

  #keep(bytes) {
    this.#kept.push({ from: this.head, bytes });
    this.head += bytes.length;
    while (this.head - this.#keptFrom > this.#ringBytes) this.#forget();
  }

  #forget() {
    const [first] = this.#kept.splice(0, 1);
    this.#keptFrom = first.from + (first.bytes?.length ?? 0);
  }

  /** Send what fits into the link's window, sizes where they changed, and the marks. */
  #flush(link) {
    if (link.sent < this.#keptFrom) this.#fellBehind(link);
    for (const piece of this.#kept) {
      if (piece.size && piece.from >= link.sent) this.#sizeChanged(link, piece);
      else if (piece.bytes && piece.from + piece.bytes.length > link.sent && !this.#sendPiece(link, piece)) return;
    }
    this.#marks(link);
  }

  #fellBehind(link) {
    link.send(frames.gap(link.sent, this.#keptFrom));
    link.send(frames.reset(this.#keptFrom, this.preambleAt(this.#keptFrom)));
    link.sent = link.acked = this.#keptFrom;
  }

  #sendPiece(link, { from, bytes }) {
    const rest = bytes.subarray(link.sent - from);
    if (link.sent + rest.length - link.acked > WINDOW_BYTES) return false;
    link.send(frames.output(link.sent, rest));
    link.sent += rest.length;
    if (link.isReplaying && link.sent >= link.replayUntil) this.#marks(link);
    return true;
  }

  #sizeChanged(link, piece = null) {
    const { cols, rows } = piece?.size ?? this.#sizeAt(link.sent);
    if (link.size?.cols === cols && link.size?.rows === rows) return;
    link.size = { cols, rows };
    link.send(frames.size(cols, rows));
  }

  #sizeAt(offset) {
    return this.#kept.findLast((piece) => piece.size && piece.from <= offset)?.size ?? this;
  }

  #marks(link) {
    if (link.isReplaying && link.sent >= link.replayUntil) {
      link.isReplaying = false;
      link.send(frames.replayEnd());
    }
    if (this.status !== null && link.sent === this.head && !link.saidExit) {
      link.saidExit = true;
      link.send(frames.exit(this.status, this.head));
    }
  }
}
