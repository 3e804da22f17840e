/**
 * The key as it is searched, out of the bytes that a client sent.
 *
 * Postfix folds the case of keys for its indexed tables but not for socketmap and tcp
 * tables, and takes a key that is not valid UTF-8 as one that does not exist
 * (socketmap_table(5), tcp_table(5); Postfix src/util/dict_utf8.c). No table can hold such
 * a key, nor one with control bytes, so nobody needs to be asked for it.
 */
import { isUtf8 } from 'node:buffer'

/** Longest key, in bytes. Source: Postfix refuses to send longer ones (3.12 snapshot, dict_sockmap.c). */
const MAX_KEY_BYTES = 10_000

const CONTROL = /[\x00-\x1f\x7f]/

/** Why a key cannot exist in any table. */
export type ImpossibleKey = 'too long' | 'control bytes' | 'not UTF-8'

/** Either the text to search for, or why there is none. */
export type NormalisedKey =
  /** `asked` is the same text before its case was folded. */
  | { readonly kind: 'key'; readonly key: string; readonly asked: string }
  | { readonly kind: 'impossible'; readonly why: ImpossibleKey }

/**
 * Makes a key comparable.
 *
 * @param bytes As the client wrote them, perhaps none.
 * @param foldCase Whether `A@B` and `a@b` are one key.
 */
export function normaliseKey(bytes: Buffer, foldCase: boolean): NormalisedKey {
  if (bytes.length > MAX_KEY_BYTES) return TOO_LONG
  const latin1 = bytes.toString('latin1')
  const letters = lettersOf(bytes)
  if (letters === 'lower') return { kind: 'key', key: latin1, asked: latin1 }
  if (letters === 'mixed') return comparable(latin1, foldCase)
  if (CONTROL.test(latin1)) return CONTROL_BYTES
  if (!isUtf8(bytes)) return NOT_UTF8
  return comparable(bytes.toString('utf8'), foldCase)
}

function comparable(asked: string, foldCase: boolean): NormalisedKey {
  return { kind: 'key', key: foldCase ? asked.toLowerCase() : asked, asked }
}

/**
 * Looks at every byte once: printable ASCII without (`lower`) or with capital letters, or anything else.
 * Nearly every key is `lower`, and this walk is all that it needs; the calls it saves cost more.
 */
function lettersOf(bytes: Buffer): 'lower' | 'mixed' | 'other' {
  let letters: 'lower' | 'mixed' = 'lower'
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte < 0x20 || byte > 0x7e) return 'other'
    if (byte >= 0x41 && byte <= 0x5a) letters = 'mixed'
  }
  return letters
}

const TOO_LONG: NormalisedKey = { kind: 'impossible', why: 'too long' }
const CONTROL_BYTES: NormalisedKey = { kind: 'impossible', why: 'control bytes' }
const NOT_UTF8: NormalisedKey = { kind: 'impossible', why: 'not UTF-8' }
