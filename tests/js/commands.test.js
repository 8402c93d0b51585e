import assert from "node:assert/strict";
import { test } from "node:test";

import { commandsOf, found } from "../../static/src/lib/words/commands.js";

const DATA = {
  sandboxes: [
    {
      slug: "payments-api",
      title: "Payments API",
      state: "Running",
      team: "Harbor",
      url: "/sandboxes/payments-api/",
      can: ["stop", "restart"],
    },
    { slug: "docs", title: "docs", state: "Stopped", team: "Harbor", url: "/sandboxes/docs/", can: ["start"] },
  ],
  terminals: [{ title: "build", sandbox: "docs", session: "ada", url: "/sandboxes/docs/#terminal-1" }],
  sessions: [{ name: "bob", sandbox: "docs", state: "Running", url: "/sandboxes/docs/sessions/bob/" }],
  teams: [
    { id: 1, name: "Harbor", url: "/team/switch/", is_current: true },
    { id: 2, name: "Lighthouse", url: "/team/switch/", is_current: false },
  ],
  places: [
    { title: "Sandboxes", icon: "box", href: "/" },
    { title: "Sign out", icon: "logout", post: "/accounts/logout/" },
  ],
};

function titles(typed, { data = DATA, address = "/", ...page } = {}) {
  return found(commandsOf(data, { address, ...page }), typed).map(({ command }) => command.title);
}

test("with nothing typed the sandboxes come first, and operations on them only when asked for", () => {
  const shown = titles("");
  assert.deepEqual(shown.slice(0, 3), ["Payments API", "docs", "build"]);
  assert.ok(!shown.includes("Stop Payments API"));
  assert.ok(!shown.includes("bob in docs"));
});

test("a verb and a few letters of a name are enough", () => {
  assert.equal(titles("stop pay")[0], "Stop Payments API");
  assert.equal(titles("pa")[0], "Payments API");
  assert.equal(titles("bob")[0], "bob in docs");
});

test("a team or a state finds a sandbox whose title does not have it", () => {
  assert.deepEqual(titles("harbor stopped"), ["docs"]);
});

test("on its own page a sandbox is not offered, its operations and tabs are", () => {
  const page = { address: "/sandboxes/docs/settings/", links: [{ title: "Settings", href: "/sandboxes/docs/settings/" }] };
  assert.deepEqual(titles("", page).slice(0, 3), ["Start docs", "Settings", "Payments API"]);
});

test("what the page offers comes first, all of it", () => {
  const actions = Array.from({ length: 9 }, (_, index) => ({ id: `${index}`, label: `Action ${index}`, run() {} }));
  assert.deepEqual(
    titles("", { actions }).slice(0, 9),
    actions.map(({ label }) => label),
  );
});

test("without an answer of the server the page's own and the themes are there", () => {
  assert.deepEqual(titles("", { data: null, actions: [{ id: "a", label: "Split" }] })[0], "Split");
  assert.deepEqual(titles("dark", { data: null }), ["Theme: dark"]);
});

test("only other teams can be switched to", () => {
  assert.deepEqual(titles("switch to"), ["Switch to Lighthouse"]);
});

test("ids are unique: the list tells its options by them", () => {
  const ids = commandsOf(DATA, { address: "/sandboxes/docs/" }).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test("what is shown is bounded, and five hundred sandboxes are quick to search", () => {
  const sandboxes = Array.from({ length: 500 }, (_, index) => ({
    ...DATA.sandboxes[0],
    slug: `s-${index}`,
    title: `sandbox ${index}`,
    url: `/sandboxes/s-${index}/`,
  }));
  assert.equal(titles("s", { data: { sandboxes } }).length, 40);
  assert.equal(titles("", { data: { sandboxes } }).filter((title) => title.startsWith("sandbox")).length, 6);
});
