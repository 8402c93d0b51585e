/**
 * What the command palette offers, without a DOM: commands made of the server's answer and the page, and those that fit
 * what is typed. Twin of the server's answer: sessions/workspace/palette.py.
 *
 * A command is {id, group, title, note, icon, more} and one of: href (go there), post (send this form) with `done` (the
 * sentence that says so) or `leaves` (the answer is another page), theme, run (a function of the page). `more` is
 * searched besides the title. One with `isFound` is shown only to who types something.
 */
import { match, words } from "./fuzzy.js";

// What someone reads; the next letter narrows further.
const SHOWN = 40;
// Of long groups, as long as nothing is typed: the most recently used come first.
const SHOWN_OF_GROUP = 6;
// A word found beside the title (a team, a template) is worth less than one in it.
const BESIDE = 0.4;

const VERBS = {
  start: { verb: "Start", icon: "player-play", doing: "Starting" },
  stop: { verb: "Stop", icon: "player-stop", doing: "Stopping" },
  pause: { verb: "Pause", icon: "player-pause", doing: "Pausing" },
  resume: { verb: "Resume", icon: "player-play", doing: "Resuming" },
  restart: { verb: "Restart", icon: "rotate-clockwise", doing: "Restarting" },
  retry: { verb: "Retry", icon: "refresh", doing: "Trying again:" },
};

const THEMES = [
  { theme: "system", title: "Theme: as the system", icon: "device-desktop" },
  { theme: "light", title: "Theme: light", icon: "sun" },
  { theme: "dark", title: "Theme: dark", icon: "moon" },
];

/**
 * Return all commands, in the order of an empty query. `data` is the server's answer, or null without one. `page` has
 * `address` (its path), `actions` (what its script offers: {id, label, keys or null, run()}; run is called once the focus is
 * back where it was), `links` ({title, href} of its tabs) and `help` (lists the keys).
 */
export function commandsOf(data, /** @type {any} */ { address, actions = [], links = [], help }) {
  const { sandboxes = [], terminals = [], sessions = [], teams = [], places = [] } = data ?? {};
  const here = sandboxes.find(({ url }) => address.startsWith(url));
  const elsewhere = sandboxes.filter((sandbox) => sandbox !== here);
  return [
    ...actions.map(offered),
    ...(here ? operations(here, "This sandbox") : []),
    ...links.map(({ title, href }) => ({ id: href, group: "This sandbox", title, icon: "arrow-right", href })),
    ...elsewhere.map(sandboxCommand),
    ...terminals.map(terminalCommand),
    ...sessions.map(sessionCommand),
    ...places.map((place) => ({ id: place.href ?? place.post, group: "Go to", ...place, leaves: Boolean(place.post) })),
    ...teams.filter(({ is_current: isCurrent }) => !isCurrent).map(teamCommand),
    ...THEMES.map((theme) => ({ id: theme.theme, group: "Theme", ...theme })),
    { id: "keys", group: "Help", title: "Keyboard shortcuts", icon: "keyboard", keys: "?", run: help },
    ...elsewhere.flatMap((sandbox) => operations(sandbox, "Actions").map((command) => ({ ...command, isFound: true }))),
  ];
}

/**
 * Return the commands to show as [{command, marks}], best first. With nothing typed each group shows its beginning;
 * `marks` are the letters of the title that matched, see fuzzy.js.
 */
export function found(commands, typed) {
  const wanted = words(typed);
  if (wanted.length === 0) return beginnings(commands).map((command) => ({ command, marks: [] }));
  return commands
    .map((command) => fit(command, wanted))
    .filter(Boolean)
    .sort((a, b) => b.score - a.score)
    .slice(0, SHOWN)
    .map(({ command, marks }) => ({ command, marks }));
}

function offered({ id, label, keys, run }) {
  return { id: `page ${id}`, group: "This page", title: label, keys, icon: "terminal-2", run };
}

function sandboxCommand({ slug, title, state, team, url }) {
  return { id: url, group: "Sandboxes", title, note: state, icon: "box", href: url, more: `${slug} ${team} ${state}` };
}

function operations({ title, url, can }, group) {
  return can.map((name) => {
    const { verb, icon, doing } = VERBS[name];
    return { id: url + name, group, title: `${verb} ${title}`, icon, post: `${url}${name}/`, done: `${doing} ${title}.` };
  });
}

function terminalCommand({ title, sandbox, session, url }) {
  return { id: url, group: "Terminals", title, note: sandbox, icon: "terminal-2", href: url, more: `${sandbox} ${session}` };
}

function sessionCommand({ name, sandbox, state, url }) {
  const title = `${name} in ${sandbox}`;
  return { id: `session ${url}`, group: "Sessions", title, note: state, icon: "users", href: url, more: state, isFound: true };
}

function teamCommand({ id, name, url }) {
  return {
    id: `team ${id}`,
    group: "Teams",
    title: `Switch to ${name}`,
    icon: "users",
    post: url,
    fields: { team: id },
    leaves: true,
  };
}

function beginnings(commands) {
  const counts = new Map();
  return commands.filter(({ group, isFound }) => {
    const count = (counts.get(group) ?? 0) + 1;
    counts.set(group, count);
    return !isFound && (group === "This page" || count <= SHOWN_OF_GROUP);
  });
}

/** Every word is in the title or beside it. A short title is fuller of what was typed than a long one. */
function fit(command, wanted) {
  let score = -command.title.length / 50;
  const inTitle = [];
  for (const word of wanted) {
    const title = match(word, command.title);
    const beside = match(word, `${command.more ?? ""} ${command.group}`);
    if (!title && !beside) return null;
    score += Math.max(title?.score ?? 0, (beside?.score ?? 0) * BESIDE);
    if (title) inTitle.push(word);
  }
  return { command, score, marks: match(inTitle.join(" "), command.title)?.marks ?? [] };
}
