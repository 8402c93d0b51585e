/** One graph in its card: the lines, the limit above them, and what the pointer or the arrow keys point at. */
import uPlot from "uplot";

const HEIGHT = 170;
const LINES = ["--accent", "--success"];
// Steps of the axis for bytes: halves and doubles of what people count in.
const BYTE_STEPS = Array.from({ length: 44 }, (_, power) => 2 ** power);

export class Graph {
  #host;
  #titles;
  #words;
  #marks;
  #isBytes;
  #pointed = document.createElement("output");
  /** There once it is connected. */
  #plot = /** @type {uPlot} */ (/** @type {unknown} */ (null));
  #watch;

  /** `words(value)` says a value for people, `marks` the same shorter at the axis. The host has its titles in `data-titles`. */
  constructor(host, { words, marks = words, isBytes = false }) {
    this.#host = host;
    this.#titles = host.dataset.titles.split("|");
    this.#words = words;
    this.#marks = marks;
    this.#isBytes = isBytes;
    this.#watch = new ResizeObserver(() => this.#fit());
  }

  connect(columns) {
    this.#plot = new uPlot(this.#options(columns), series(columns, this.#host.dataset.graph), this.#host);
    this.#host.tabIndex = 0;
    this.#host.setAttribute("role", "img");
    this.#host.setAttribute("aria-label", `Graph: ${this.#titles.join(", ")}. Arrow keys point at values.`);
    this.#host.addEventListener("keydown", this.#moved);
    this.#pointed.className = "graph-pointed";
    this.#host.after(this.#pointed);
    this.#watch.observe(this.#host);
  }

  dispose() {
    this.#watch.disconnect();
    this.#host.removeEventListener("keydown", this.#moved);
    this.#pointed.remove();
    this.#plot?.destroy();
  }

  update(columns) {
    this.#plot.setData(series(columns, this.#host.dataset.graph), false);
    this.#plot.setScale("x", { min: columns.from, max: columns.until });
  }

  /** The theme has changed: colours are asked for again. */
  repaint() {
    this.#plot.redraw(false, true);
  }

  /** @returns {uPlot.Options} */
  #options(columns) {
    const limit = columns.graphs[this.#host.dataset.graph].limit;
    const axis = {
      stroke: () => token("--text-muted"),
      grid: { stroke: () => token("--border"), width: 1 },
      ticks: { show: false },
      font: "11px Inter Variable, system-ui, sans-serif",
    };
    return {
      width: this.#host.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      scales: { x: { time: true, min: columns.from, max: columns.until }, y: { range: (_, __, max) => [0, roomFor(max)] } },
      axes: [
        { ...axis, size: 28, values: (_, ticks) => ticks.map(clock) },
        {
          ...axis,
          size: 66,
          space: 42,
          values: (_, ticks) => ticks.map(this.#marks),
          ...(this.#isBytes ? { incrs: BYTE_STEPS } : {}),
        },
      ],
      series: [{}, ...this.#titles.map(line), ...(limit ? [LIMIT] : [])],
      hooks: { setCursor: [(plot) => this.#point(plot.cursor.idx)] },
    };
  }

  #fit() {
    if (this.#plot && this.#host.clientWidth > 0) this.#plot.setSize({ width: this.#host.clientWidth, height: HEIGHT });
  }

  #moved = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const times = this.#plot.data[0];
    const at = this.#plot.cursor.idx ?? (step < 0 ? times.length : -1);
    const next = Math.min(times.length - 1, Math.max(0, at + step * (event.shiftKey ? 10 : 1)));
    this.#plot.setCursor({ left: this.#plot.valToPos(times[next], "x"), top: 0 });
  };

  #point(index) {
    const values = index == null ? [] : this.#titles.map((title, n) => [title, this.#plot.data[n + 1][index]]);
    const known = values.filter(([, value]) => value != null);
    const time = known.length > 0 ? new Date(this.#plot.data[0][index] * 1000).toLocaleTimeString() : "";
    this.#pointed.textContent = [time, ...known.map(([title, value]) => `${title} ${this.#words(value)}`)].join("  ").trim();
  }
}

function line(title, index) {
  return { label: title, stroke: () => token(LINES[index]), width: 1.5, points: { show: false } };
}

const LIMIT = {
  label: "Limit",
  stroke: () => token("--danger"),
  width: 1,
  dash: [4, 4],
  points: { show: false },
};

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

function series(columns, name) {
  const { lines, limit } = columns.graphs[name];
  return [columns.at, ...lines, ...(limit ? [limit] : [])];
}

/** The top of the graph: a little above the highest, and never nothing. */
function roomFor(highest) {
  return highest > 0 ? highest * 1.08 : 1;
}

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
