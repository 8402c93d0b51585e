/**
 * Compares viewers of real programs, for tests/holder/test_full_screen.py: reads {size, viewers: [frames], cuts} as JSON from
 * stdin; prints what each viewer has in the end and, for each cut of the first one's output, what someone who joined there has.
 */
import { text } from "node:stream/consumers";

import { joined, painted, show } from "./joining.js";
import { ReferenceTerminal, stateOf } from "./terminal-state.js";

const { size, viewers, recording, cuts } = JSON.parse(await text(process.stdin));

function decoded({ type, offset, bytes, cols, rows }) {
  return type === "size" ? { type, cols, rows } : { type, offset, bytes: new Uint8Array(Buffer.from(bytes, "base64")) };
}

async function seen(terminal) {
  return { ...(await painted(terminal)), state: await stateOf(terminal) };
}

async function viewed(frames) {
  const terminal = new ReferenceTerminal(size);
  await show(terminal, frames.map(decoded));
  return seen(terminal);
}

const output = new Uint8Array(Buffer.from(recording, "base64"));
const result = { viewers: [], cuts: [] };
for (const frames of viewers) result.viewers.push(await viewed(frames));
for (const cut of cuts) result.cuts.push(await seen(await joined(output, cut, size)));
process.stdout.write(JSON.stringify(result));
