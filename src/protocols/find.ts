/**
 * Finds a byte.
 *
 * Like Buffer.indexOf, but without leaving JavaScript: requests are some tens of bytes, and the call into Node.js
 * costs more than looking at them (bench/RESULTS.md). About a nanosecond for each byte.
 *
 * @returns Where the first one from `start` on is; the length when there is none.
 */
export function find(bytes: Uint8Array, byte: number, start: number): number {
  let at = start
  while (at < bytes.length && bytes[at] !== byte) at++
  return at
}
