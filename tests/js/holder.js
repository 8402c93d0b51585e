/** The real holder: built once, then asked for the sequences that lead a fresh terminal into the state after some output. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../holder/", import.meta.url));
const BINARY = `${FOLDER}build/holder`;

/** Build it; under the lock that the other test processes take as well (tests/holder/conftest.py). */
export function buildHolder() {
  mkdirSync(`${FOLDER}build`, { recursive: true });
  const { status, stderr } = spawnSync("flock", [`${FOLDER}build/.lock`, "make", "-s", "-C", FOLDER], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

/** The preamble for the state after `output`, as bytes. */
export function preambleOf(output, size) {
  return ask(["modes", "--size", `${size.cols}x${size.rows}`], output);
}

/** What a viewer gets that joins after `output` and keeps `lines`: {offset, bytes}, preamble and output in one. */
export async function replayOf(output, size, lines) {
  const said = await ask(["replay", "--size", `${size.cols}x${size.rows}`, "--lines", `${lines}`], output);
  const end = said.indexOf(10);
  return { offset: Number(Buffer.from(said.subarray(0, end)).toString()), bytes: said.subarray(end + 1) };
}

/** Give the holder's `command` some output and return its answer. */
function ask(command, output) {
  return new Promise((resolve, reject) => {
    const holder = spawn(BINARY, command, { stdio: ["pipe", "pipe", "inherit"] });
    const said = [];
    holder.stdout.on("data", (bytes) => said.push(bytes));
    holder.on("error", reject);
    holder.on("close", (status) =>
      status === 0 ? resolve(new Uint8Array(Buffer.concat(said))) : reject(new Error(`holder ${command[0]}: ${status}`)),
    );
    holder.stdin.end(output);
  });
}
