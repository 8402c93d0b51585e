/**
 * Bundles static/src into static/dist: `node static/build.mjs [--check | --watch]`.
 *
 * --check builds into memory and fails on a warning or when a page grows over its budget.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import esbuild from "esbuild";

import { writeIcons } from "./icons.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = path.join(HERE, "dist");

// What a page may load in all: scripts gzipped, as they travel; style sheets as they are read.
const BUDGETS = [
  { page: "any page, with the palette", files: ["app.js", "palette.js"], isZipped: true, kib: 60 },
  { page: "the terminal page", files: ["app.js", "palette.js", "terminal.js"], isZipped: true, kib: 250 },
  { page: "the terminal page", files: ["app.css", "terminal.css"], isZipped: false, kib: 60 },
  { page: "the metrics page, with the palette", files: ["app.js", "palette.js", "metrics.js"], isZipped: true, kib: 60 },
];

const OPTIONS = {
  absWorkingDir: HERE,
  entryPoints: [
    { in: "src/app.js", out: "app" },
    // Fetched by app.js when it is first asked for, under the address that the page names.
    { in: "src/palette/main.js", out: "palette" },
    { in: "src/terminal/main.js", out: "terminal" },
    { in: "src/metrics/main.js", out: "metrics" },
    { in: "src/css/app.css", out: "app" },
    { in: "src/css/metrics.css", out: "metrics" },
    { in: "src/css/terminal.css", out: "terminal" },
  ],
  outdir: DIST,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  minify: true,
  loader: { ".woff2": "file", ".svg": "text" },
  assetNames: "[name]",
  legalComments: "eof",
  logLevel: "warning",
};

async function main(mode) {
  if (mode === "--check") return check();
  if (mode === "--watch") return watch();
  await mkdir(DIST, { recursive: true });
  await writeIcons(path.join(DIST, "icons.svg"));
  report(await esbuild.build({ ...OPTIONS, metafile: true }));
}

async function check() {
  const { outputFiles, warnings } = await esbuild.build({ ...OPTIONS, write: false });
  const contents = new Map(outputFiles.map((file) => [path.basename(file.path), file.contents]));
  const isOver = BUDGETS.map((budget) => isExceeded(budget, contents));
  if (warnings.length > 0 || isOver.includes(true)) process.exitCode = 1;
}

/** Say what a page loads and whether it is too much. */
function isExceeded({ page, files, isZipped, kib }, contents) {
  const sizes = files.map((name) => (isZipped ? gzipSync(contents.get(name)) : contents.get(name)).length / 1024);
  const total = sizes.reduce((sum, size) => sum + size);
  const line = `${files.join(" + ")}  ${total.toFixed(1)} KiB${isZipped ? " gz" : ""} on ${page}, at most ${kib}`;
  if (total > kib) console.error(`Too large: ${line}`);
  else console.log(line);
  return total > kib;
}

async function watch() {
  const context = await esbuild.context({ ...OPTIONS, logLevel: "info" });
  await context.watch();
}

function report({ metafile }) {
  for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
    console.log(`${path.basename(file)}  ${(bytes / 1024).toFixed(1)} KiB`);
  }
}

await main(process.argv[2]);
