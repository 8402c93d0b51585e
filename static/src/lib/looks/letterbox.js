/** How large the text may be so that another viewer's screen fits into this one. */

const SMALLEST_PX = 7;

/**
 * Return the font size in whole pixels at which `wanted` ({cols, rows}) fits where `room` ({cols, rows}) fits at
 * `fontSize`: never larger than that, never smaller than 7 px, where a person had better scroll.
 */
export function letterboxFontSize(fontSize, room, wanted) {
  const scale = Math.min(1, room.cols / wanted.cols, room.rows / wanted.rows);
  return Math.max(Math.min(SMALLEST_PX, fontSize), Math.floor(fontSize * scale));
}
