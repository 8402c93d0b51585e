/** Asks before a program is ended; a shell that only waits goes without a question. */
import { ApiError } from "../api.js";
import { ask } from "./dialogs.js";

/**
 * Whether the terminals of `panes` may be ended; `api` says what runs in them. Other programs may start while the question is
 * open, and nobody agreed to end those: then it is asked again.
 */
export async function mayEnd(panes, api) {
  let agreed = [];
  for (;;) {
    const busy = await busyOf(panes, api);
    if (busy.every(({ id, program }) => agreed.some((one) => one.id === id && one.program === program))) return true;
    if (!(await (busy.length === 1 ? askForOne(busy[0]) : askForMany(busy)))) return false;
    agreed = busy;
  }
}

/** Return the terminals in which something runs, as [{id, title, program}]. */
async function busyOf(panes, api) {
  const running = panes.filter(({ state }) => state === "running");
  const programs = await Promise.all(running.map(({ id }) => programIn(id, api)));
  return running
    .map(({ id, title }, index) => ({ id, title, program: programs[index] }))
    .filter(({ program }) => program !== null);
}

const UNKNOWN = "";
// They ignore that their terminal hangs up, or are not of it any more: the holder spares them (holder/processes.h).
const STAYS = "What was started with nohup or setsid goes on until the session ends.";

async function programIn(id, api) {
  try {
    return await api.program(id);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Nobody can tell: better ask once too often.
    return error.status === 404 ? null : UNKNOWN;
  }
}

function askForOne({ title, program }) {
  const what =
    program === UNKNOWN ? "Its shell and everything that runs in it" : `“${program}” and everything else that runs in it`;
  return ask({
    title: `End ${title}?`,
    text: `${what} will be stopped. ${STAYS} To only leave, close the page: the terminal goes on.`,
    yes: "End terminal",
    kind: "danger",
  });
}

function askForMany(panes) {
  return ask({
    title: `End ${panes.length} terminals?`,
    text: `Programs run in ${panes.map(({ title }) => title).join(", ")}. They will be stopped. ${STAYS}`,
    yes: "End terminals",
    kind: "danger",
  });
}
