/** Puts the icons that templates name with {% icon "…" %} into one sprite: dist/icons.svg. Outline icons of Tabler. */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const NAMES = `
  alert-triangle arrow-down arrow-left arrow-right arrow-up box brand-debian chart-line check chevron-down code coffee copy
  device-desktop dots download eye history key keyboard link lock logout moon package player-pause player-play player-stop
  plus refresh restore rotate-clockwise search settings shield-lock sun terminal-2 trash user-minus user-plus users x
`;

/** Write the sprite. Fails with the icon's name when the icon set has no such icon. */
export async function writeIcons(target) {
  const symbols = await Promise.all(NAMES.trim().split(/\s+/).sort().map(symbol));
  await writeFile(target, `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

async function symbol(name) {
  const source = await readFile(require.resolve(`@tabler/icons/outline/${name}.svg`), "utf8");
  const shapes = source
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/\s+/g, " ")
    .trim();
  // The stroke comes from the page: `.icon` in src/css/components/icon.css.
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
}
