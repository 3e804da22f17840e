/**
 * Texts for the store that hold on to nothing else.
 *
 * V8 keeps a piece of a longer text, such as one line of a response body, as a reference to the
 * whole, and a text that was put together as a tree of its parts: a million of them would keep much more alive than themselves.
 */

/** Longest text that is copied by way of {@link SCRATCH}, UTF-16 units. Ours: longer than most keys and values. */
const MAX_SCRATCH_TEXT = 1024

/** Written and read at once, so nothing is left in it that matters; a unit takes at most 3 bytes of UTF-8. */
const SCRATCH = Buffer.allocUnsafeSlow(3 * MAX_SCRATCH_TEXT)

const IS_LATIN1 = /^[\0-\xff]*$/

/** Makes the same text again. */
export function compact(text: string): string {
  if (text.length <= MAX_SCRATCH_TEXT) {
    const bytes = SCRATCH.write(text)
    // Only ASCII takes as many bytes as it has UTF-16 units, and reads the same as Latin-1.
    if (bytes === text.length) return SCRATCH.toString('latin1', 0, bytes)
  }
  const encoding = IS_LATIN1.test(text) ? 'latin1' : 'utf16le'
  return Buffer.from(text, encoding).toString(encoding)
}

/** Bytes that V8 takes for the characters of a text: one each, or two where a single one is not Latin-1. */
export function heldBytes(text: string): number {
  return IS_LATIN1.test(text) ? text.length : 2 * text.length
}
