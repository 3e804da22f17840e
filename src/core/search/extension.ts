/**
 * The address extension: telling it of a key, giving it back to the addresses of a result.
 *
 * Source: postconf(5) recipient_delimiter, propagate_unmatched_extensions; Postfix
 * `src/global/strip_addr.c`, `src/global/mail_addr_map.c`, `src/global/mail_addr_crunch.c`.
 *
 * Measured with Postfix 3.7.11, `texthash:` virtual_alias_maps, for `T+News@virt.example`:
 *
 *   bob+x@d.example, "john doe"@d.example   bob+x+News@d.example, "john doe+News"@d.example
 *   Bob <bob@d.example>, c (x) @ d.example  bob+News@d.example, c+News@d.example
 *   a@d.example b@d.example                 a+News@d.example, b+News@d.example
 *   bare, @other.example                    bare+News, +News@other.example
 *   @other.example                          T+News@other.example
 *   a:b@d.example, bob%d.example            a:b+News@d.example, bob+News@d.example
 *   a@b@d.example, ""@d.example             "a@b+News"@d.example, +News@d.example
 *   postmaster@d.example                    postmaster+News@d.example
 */

import { extensionStart, isDotString, isQuoted, quoteIfNeeded, unquote } from './local-part.ts'
import { localParts } from './local-parts.ts'

/**
 * What a set of delimiters may be made of: ASCII signs. `@` ends the local part, and a letter, digit or blank would
 * split names that have no extension.
 */
export const DELIMITERS = /^[!-/:-?[-`{-~]*$/

/**
 * Tells the extension of a key, as it was written.
 *
 * @param key An address or a bare user, before its case was folded.
 * @param delimiters A set of characters; '' for none.
 * @returns The extension with its delimiter in front, without quotes; '' when there is none.
 */
export function extensionOf(key: string, delimiters: string): string {
  const at = key.lastIndexOf('@')
  const local = at === -1 ? key : key.slice(0, at)
  const internal = isQuoted(local) ? unquote(local) : local
  const start = extensionStart(internal, delimiters)
  return start === -1 ? '' : internal.slice(start)
}

/**
 * Appends an extension to every address of a result, as Postfix does for canonical(5) and
 * virtual(5) when an indexed table matched without the extension.
 *
 * A result that begins with `@other.example` keeps that: it means the same user in another
 * domain, and Postfix puts the user there itself, with the extension, which it sees in the key.
 *
 * @param value Addresses, with commas or spaces between them.
 * @param extension With its delimiter, without quotes; '' changes nothing.
 */
export function propagateExtension(value: string, extension: string): string {
  if (extension === '') return value
  let result = ''
  let from = 0
  for (const { start, end } of localParts(value)) {
    if (end === 0) continue
    result += value.slice(from, start) + extendLocalPart(value.slice(start, end), extension)
    from = end
  }
  return result + value.slice(from)
}

/** Appends to one local part, inside its quotes, and quotes it where the extension needs that. */
function extendLocalPart(local: string, extension: string): string {
  if (isQuoted(local)) return quoteIfNeeded(unquote(local) + extension)
  // Only the extension decides: what a service writes unquoted, Postfix has to understand anyway.
  return isDotString(`x${extension}`) ? local + extension : quoteIfNeeded(local + extension)
}
