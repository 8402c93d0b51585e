/** What Ctrl+K and `?` open: a script of its own, which pages fetch when someone asks for it. */
import { Palette } from "./palette.js";

export { showHelp } from "./help.js";

const palettes = new WeakMap();

/** Fill the open dialog. `page` has help(), which lists the keys. */
export function openPalette(dialog, page) {
  if (!palettes.has(dialog)) palettes.set(dialog, new Palette(dialog, page));
  palettes.get(dialog).open();
}
