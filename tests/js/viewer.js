/** One viewer for tests: a Connection whose output goes through a Sequence into a screen. */
import { Connection } from "../../static/src/lib/wire/connection.js";
import { Sequence } from "../../static/src/lib/wire/sequence.js";

export const ADA = "ada0".padEnd(32, "0");
export const BOB = "b0b0".padEnd(32, "0");

/** A screen that parses after `clock` has moved on, and keeps everything it was given. */
export class RecordingScreen {
  bytes = [];
  log = [];
  #clock;
  #parseMs;
  #parsedAt = 0;

  constructor(clock, parseMs = () => 1) {
    this.#clock = clock;
    this.#parseMs = parseMs;
  }

  get text() {
    return Buffer.concat(this.bytes).toString();
  }

  write(bytes, done) {
    this.bytes.push(Buffer.from(bytes));
    this.log.push(`write ${Buffer.from(bytes).toString("latin1")}`);
    this.#parsedAt = Math.max(this.#parsedAt, this.#clock.now() + this.#parseMs());
    this.#clock.after(this.#parsedAt - this.#clock.now(), done);
  }

  resize(cols, rows) {
    this.log.push(`resize ${cols}x${rows}`);
  }
}

/** Returns {connection, screen, notices, exits, frames, givers, asked}. Nothing is connected yet. */
export function viewer({ clock, network, random = () => 0.5, client = ADA, wantsToDrive = true, screen, ...rest }) {
  const seen = { notices: [], exits: [], frames: [], givers: [], asked: [], screen: screen ?? new RecordingScreen(clock) };
  const sequence = new Sequence(seen.screen, {
    parsed: (offset, link) => seen.connection.parsed(offset, link),
    replayed: (link) => seen.connection.replayed(link),
    asked: (query, link) => {
      const question = seen.connection.asked(query, link);
      if (question) seen.asked.push(Buffer.from(question).toString());
    },
    exited: (status) => {
      seen.exits.push(status);
      seen.connection.exited();
    },
  });
  seen.connection = new Connection({
    url: "ws://sandlot.test/ws/terminals/t1/",
    client,
    size: { cols: 80, rows: 24 },
    lines: () => 10_024,
    wantsToDrive,
    openSocket: network.openSocket,
    clock,
    random,
    isOnline: () => true,
    listener: {
      frame(frame, link) {
        seen.frames.push(frame);
        sequence.push(frame, link);
      },
      welcomed() {},
      changed() {},
      handed: (giver) => seen.givers.push(giver.name),
      notice: (notice) => seen.notices.push(notice),
    },
    ...rest,
  });
  return seen;
}

export function bytes(text) {
  return new TextEncoder().encode(text);
}
