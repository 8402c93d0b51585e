/** Put into every page before its own scripts: says when a terminal's prompt is painted, on the page's own clock. */
window.bench = {
  keyAt: 0,
  socketAt: 0,

  /** Milliseconds since the epoch when the cursor stood behind a prompt and the picture with it was out. */
  painted() {
    return new Promise((resolve) => {
      const look = () => (prompted() ? requestAnimationFrame(() => setTimeout(() => resolve(now()))) : requestAnimationFrame(look));
      look();
    });
  },

  /** The same once the line of the cursor is another one than now. */
  changed() {
    const before = cursorLine(shownTerminal());
    return new Promise((resolve) => {
      const is = () => cursorLine(shownTerminal()) !== before;
      const look = () => (is() ? requestAnimationFrame(() => setTimeout(() => resolve(now()))) : requestAnimationFrame(look));
      look();
    });
  },

  /** How many lines have left the screen. */
  scrolled() {
    return shownTerminal()?.buffer.active.baseY ?? 0;
  },
};

/** The terminal of wetty's page, or the one that is shown on ours. */
function shownTerminal() {
  const ours = [...(document.getElementById("terminal-workspace")?.terminals?.values() ?? [])];
  return window.wetty_term ?? ours.find(({ term }) => term.element?.offsetParent)?.term;
}

function cursorLine(term) {
  if (!term) return "";
  const { baseY, cursorY } = term.buffer.active;
  return term.buffer.active.getLine(baseY + cursorY)?.translateToString(true) ?? "";
}

function now() {
  return performance.timeOrigin + performance.now();
}

function prompted() {
  if (window.wetty_term) return /[#$] ?$/.test(cursorLine(window.wetty_term));
  const terminals = [...(document.getElementById("terminal-workspace")?.terminals?.values() ?? [])];
  return terminals.some(({ term, connection }) => connection.state === "live" && /[#$] ?$/.test(cursorLine(term)));
}

addEventListener("click", () => sessionStorage.setItem("bench.clicked", String(now())), { capture: true });
addEventListener("keydown", () => (window.bench.keyAt = now()), { capture: true });

window.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    if (String(url).includes("/ws/terminals/")) window.bench.socketAt = now();
  }
};
