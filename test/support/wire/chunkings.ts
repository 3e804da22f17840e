/**
 * Ways to cut a byte stream. TCP may cut anywhere, so a decoder must not care.
 */

/** Every way a test needs: whole, one byte at a time, and at each single split point. */
export function* chunkings(bytes: Buffer): Generator<Buffer[]> {
  yield [bytes]
  yield Array.from(bytes, (byte) => Buffer.from([byte]))
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
}

/** Cuts at the given sizes, over and over, until the bytes are used up. Sizes are at least 1. */
export function cutAt(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}
