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
};

function now() {
  return performance.timeOrigin + performance.now();
}

function prompted() {
  const terminals = [...(document.getElementById("terminal-workspace")?.terminals?.values() ?? [])];
  return terminals.some(({ term, connection }) => {
    const { baseY, cursorY } = term.buffer.active;
    const line = term.buffer.active.getLine(baseY + cursorY)?.translateToString(true) ?? "";
    return connection.state === "live" && /[#$] ?$/.test(line);
  });
}

addEventListener("click", () => sessionStorage.setItem("bench.clicked", String(now())), { capture: true });
addEventListener("keydown", () => (window.bench.keyAt = now()), { capture: true });

window.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    if (String(url).includes("/ws/terminals/")) window.bench.socketAt = now();
  }
};
