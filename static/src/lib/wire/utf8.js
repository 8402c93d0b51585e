/** Finds where a stream of UTF-8 may be cut. */

/** Return how many bytes at the end of `bytes` begin a character that is not complete yet: 0 to 3. */
export function incompleteTail(bytes) {
  const furthest = Math.min(3, bytes.length);
  for (let back = 1; back <= furthest; back += 1) {
    const byte = bytes[bytes.length - back];
    if (!isContinuation(byte)) return lengthFrom(byte) > back ? back : 0;
  }
  return 0;
}

function isContinuation(byte) {
  return (byte & 0xc0) === 0x80;
}

/** The length of the character that starts with `byte`; 1 for what cannot start one. */
function lengthFrom(byte) {
  if (byte >= 0xf0 && byte < 0xf8) return 4;
  if (byte >= 0xe0) return byte < 0xf0 ? 3 : 1;
  return byte >= 0xc0 ? 2 : 1;
}
