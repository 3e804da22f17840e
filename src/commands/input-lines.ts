/**
 * Lines of standard input: keys, one a line, any bytes, as `postmap -q -` reads them; or what else stands one a line.
 */
import { CommandError, EXIT_USAGE } from './exit-codes.ts'

const NEWLINE = 0x0a

/** What a line is, and its longest, bytes. Ours: a mapgate listener reads requests of at most 128 KiB. */
const KEYS = { what: 'key', maxBytes: 128 * 1024 }

/**
 * Splits bytes into lines, without their newline. An empty line is an empty key; a last line
 * without a newline counts, an empty rest does not.
 */
export async function* inputLines(
  chunks: AsyncIterable<Uint8Array>,
  { what, maxBytes } = KEYS,
): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE, start)) {
      yield rest.subarray(start, end)
      start = end + 1
    }
    rest = rest.subarray(start)
    if (rest.length > maxBytes) {
      throw new CommandError(
        EXIT_USAGE,
        `a line of standard input is longer than ${maxBytes} bytes; give one ${what} a line`,
      )
    }
  }
  if (rest.length > 0) yield rest
}
