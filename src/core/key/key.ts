/**
 * The key as it is searched, out of the bytes that a client sent.
 *
 * Postfix folds the case of keys for its indexed tables but not for socketmap and tcp
 * tables, and takes a key that is not valid UTF-8 as one that does not exist
 * (socketmap_table(5), tcp_table(5); Postfix src/util/dict_utf8.c). No table can hold such
 * a key, nor one with control bytes, so nobody needs to be asked for it. Its parts are searched
 * all the same, as Postfix does in its own tables: the sender `"\x07"@bad.example` is of a domain that a list may have.
 */
import { isUtf8 } from 'node:buffer'

/** Longest key, in bytes. Source: Postfix refuses to send longer ones (3.12 snapshot, dict_sockmap.c). */
const MAX_KEY_BYTES = 10_000

const CONTROL = /[\x00-\x1f\x7f]/

/** Why a key cannot exist in any table. */
export type ImpossibleKey = 'too long' | 'control bytes' | 'not UTF-8'

/** The text to search for, and `asked`, the same before its case was folded. */
interface KeyText {
  readonly key: string
  readonly asked: string
}

export type NormalisedKey =
  | (KeyText & { readonly kind: 'key' })
  /** Only parts of it may exist: those that {@link isPossibleKey}. Bytes that are no UTF-8 are NUL in it. */
  | (KeyText & { readonly kind: 'impossible'; readonly why: ImpossibleKey })

/** Returns whether a table may hold this key. */
export function isPossibleKey(key: string): boolean {
  return !CONTROL.test(key) && Buffer.byteLength(key) <= MAX_KEY_BYTES
}

/**
 * Makes a key comparable.
 *
 * @param bytes As the client wrote them, perhaps none.
 * @param foldCase Whether `A@B` and `a@b` are one key.
 */
export function normaliseKey(bytes: Buffer, foldCase: boolean): NormalisedKey {
  if (bytes.length > MAX_KEY_BYTES) return impossible('too long', bytes, foldCase)
  const latin1 = bytes.toString('latin1')
  const letters = lettersOf(bytes)
  if (letters === 'lower') return { kind: 'key', key: latin1, asked: latin1 }
  if (letters === 'mixed') return comparable(latin1, foldCase)
  if (CONTROL.test(latin1)) return impossible('control bytes', bytes, foldCase)
  if (!isUtf8(bytes)) return impossible('not UTF-8', bytes, foldCase)
  return comparable(bytes.toString('utf8'), foldCase)
}

function comparable(asked: string, foldCase: boolean): NormalisedKey {
  return { kind: 'key', key: foldCase ? asked.toLowerCase() : asked, asked }
}

function impossible(why: ImpossibleKey, bytes: Buffer, foldCase: boolean): NormalisedKey {
  const text = bytes.toString('utf8')
  // What stands for bytes that are none must not be taken for a character that a table may hold.
  const asked = isUtf8(bytes) ? text : text.replaceAll('\ufffd', '\0')
  return { kind: 'impossible', why, key: foldCase ? asked.toLowerCase() : asked, asked }
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
