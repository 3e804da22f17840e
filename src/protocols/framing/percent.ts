/**
 * Percent quoting: `%XX` stands for one byte.
 *
 * Quoted are `%`, white space, control and non-ASCII bytes, and nothing else: `+` stays `+`.
 * Source: tcp_table(5); Postfix `src/util/hex_quote.c` (hex_quote, hex_unquote).
 */

import { find } from './find.ts'

/** Runs of characters that must be quoted: all but printable ASCII without space and `%`. */
const QUOTED = /[^\x21-\x24\x26-\x7e]+/g
const NEEDS_QUOTING = /[^\x21-\x24\x26-\x7e]/

const PERCENT = 0x25

/** Quotes the UTF-8 bytes of a text. The result is ASCII without white space. */
export function percentQuote(text: string): string {
  return NEEDS_QUOTING.test(text) ? text.replace(QUOTED, quoteAll) : text
}

/** Quotes bytes of any kind. */
export function percentQuoteBytes(bytes: Buffer): string {
  // One character for each byte, so that no UTF-8 decoding comes between.
  return bytes.toString('latin1').replace(QUOTED, (run) => quoteBytes(Buffer.from(run, 'latin1')))
}

/**
 * Gives the bytes that were quoted.
 *
 * @returns `undefined` when a `%` is not followed by two hex digits.
 */
export function percentUnquote(quoted: Buffer): Buffer | undefined {
  const first = find(quoted, PERCENT, 0)
  if (first === quoted.length) return quoted
  const bytes = Buffer.allocUnsafe(quoted.length)
  let length = quoted.copy(bytes, 0, 0, first)
  for (let at = first; at < quoted.length; at++) {
    let byte = quoted[at]
    if (byte === PERCENT) {
      byte = hexDigit(quoted[at + 1]) * 16 + hexDigit(quoted[at + 2])
      if (Number.isNaN(byte)) return undefined
      at += 2
    }
    bytes[length++] = byte ?? 0
  }
  return bytes.subarray(0, length)
}

/** Value of one hex digit of either case; NaN for any other byte, or none. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return Number.NaN
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN
}

function quoteAll(run: string): string {
  return quoteBytes(Buffer.from(run))
}

function quoteBytes(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase().replace(/../g, '%$&')
}
