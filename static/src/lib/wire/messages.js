/**
 * JSON text frames of the subprotocol `sandlot.terminal.v1`. Twin: sessions/terminal/protocol.py.
 */

import { ProtocolError } from "./protocol.js";

/** A text frame that is no JSON object, or lacks a field its type needs. */
export class MessageError extends ProtocolError {
  name = "MessageError";
}

/**
 * The first message of every link. `epoch` and `offset` are null when nothing was received before: then no more than the
 * last `lines` are replayed, or all that there are for 0.
 */
export function hello({ client, epoch, offset, cols, rows, drive, lines }) {
  return JSON.stringify({ type: "hello", client, epoch, offset, cols, rows, drive, lines, queries: true });
}

/** Ask for the keyboard. */
export function drive() {
  return JSON.stringify({ type: "drive" });
}

/** Hand the keyboard to the viewer whose link has the number `to`. */
export function hand(to) {
  return JSON.stringify({ type: "hand", to });
}

/** Ask for a sign of life; the answer is a pong with the same number. */
export function ping(n) {
  return JSON.stringify({ type: "ping", n });
}

/**
 * Parse a text frame of the server into an object with snake_case fields turned into camelCase.
 *
 * Returns null for a type this version does not know: a newer server may say more. Raises MessageError.
 */
export function parseMessage(text) {
  const message = parseObject(text);
  const parse = Object.hasOwn(PARSERS, message.type) ? PARSERS[message.type] : null;
  return parse ? parse(message) : null;
}

const PARSERS = {
  welcome: (message) => ({
    type: "welcome",
    epoch: need(message, "epoch", "string"),
    offset: need(message, "offset", "number"),
    cols: need(message, "cols", "number"),
    rows: need(message, "rows", "number"),
    link: need(message, "link", "number"),
    lastSeq: need(message, "last_seq", "number"),
    created: need(message, "created", "boolean"),
    exited: need(message, "exited", "boolean"),
    mayDrive: need(message, "may_drive", "boolean"),
    title: need(message, "title", "string"),
    // A server or a holder that was started before an update does not say it.
    queries: message.queries === true,
  }),
  presence: (message) => ({
    type: "presence",
    driver: need(message, "driver", "number"),
    viewers: needArray(message, "viewers").map((viewer) => ({
      link: need(viewer, "link", "number"),
      name: need(viewer, "name", "string"),
      mayDrive: need(viewer, "may_drive", "boolean"),
    })),
  }),
  notice: (message) => ({
    type: "notice",
    level: need(message, "level", "string"),
    code: need(message, "code", "string"),
    text: need(message, "text", "string"),
  }),
  pong: (message) => ({ type: "pong", n: need(message, "n", "number") }),
};

function parseObject(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch (error) {
    throw new MessageError("a text frame is not JSON", { cause: error });
  }
  if (typeof message !== "object" || message === null) throw new MessageError("a text frame is no JSON object");
  return message;
}

function need(message, field, type) {
  const value = message?.[field];
  if (typeof value !== type) throw new MessageError(`${message?.type ?? "viewer"} needs ${field} as ${type}`);
  return value;
}

function needArray(message, field) {
  if (!Array.isArray(message[field])) throw new MessageError(`${message.type} needs ${field} as a list`);
  return message[field];
}
