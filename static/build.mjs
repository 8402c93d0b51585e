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

// What a page loads, gzipped, script only.
const BUDGET_KIB = { "terminal.js": 250, "app.js": 60 };

const OPTIONS = {
  absWorkingDir: HERE,
  entryPoints: [
    { in: "src/app.js", out: "app" },
    { in: "src/terminal/main.js", out: "terminal" },
    { in: "src/css/app.css", out: "app" },
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
  const sizes = outputFiles.map(({ path: file, contents }) => [path.basename(file), gzipSync(contents).length / 1024]);
  const tooLarge = sizes.filter(([name, kib]) => kib > (BUDGET_KIB[name] ?? Infinity));
  for (const [name, kib] of sizes) console.log(`${name}  ${kib.toFixed(1)} KiB gz`);
  for (const [name, kib] of tooLarge) console.error(`${name}: ${kib.toFixed(1)} KiB gz, at most ${BUDGET_KIB[name]}`);
  if (warnings.length > 0 || tooLarge.length > 0) process.exitCode = 1;
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
