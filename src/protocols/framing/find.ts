/**
 * Finds a byte.
 *
 * As Buffer.indexOf, but the first bytes are looked at here: requests are some tens of bytes, and the call into Node.js
 * costs more than looking at them (bench/RESULTS.md). Behind them the call is worth it.
 *
 * @returns Where the first one from `start` on is; the length when there is none.
 */
export function find(bytes: Buffer, byte: number, start: number): number {
  const near = Math.min(bytes.length, start + NEAR)
  let at = start
  while (at < near && bytes[at] !== byte) at++
  if (at < near || at === bytes.length) return at
  const far = bytes.indexOf(byte, at)
  return far === -1 ? bytes.length : far
}

/** Bytes that are looked at here, about a nanosecond each. Ours: nearly every request ends before. */
const NEAR = 256
