/**
 * The spellings of a local part: quoted and unquoted, with and without its extension.
 *
 * Postfix looks an address up in its external form first (`"john doe"@a.example`) and, when
 * that differs, in its internal form (`john doe@a.example`); the extension is split off the
 * internal form.
 *
 * Source: RFC 5321 section 4.1.2 (Quoted-string); postconf(5) recipient_delimiter, owner_request_special,
 * double_bounce_sender; Postfix `src/global/quote_822_local.c`, `src/global/split_addr.c` and `find_addr`
 * in `src/global/mail_addr_find.c`.
 */

/** What is looked up for one local part, in order. */
export interface LocalPartForms {
  /** With the extension, if it has one. The first is the local part as it was given. */
  readonly full: readonly string[]
  /** Without it; empty when there is none. */
  readonly bare: readonly string[]
}

const NONE: readonly string[] = Object.freeze([])
const QUOTE = '"'
const BACKSLASH = '\\'

/** Returns the spellings of a local part. */
export function localPartForms(local: string, delimiters: string): LocalPartForms {
  if (isQuoted(local)) return quotedForms(local, delimiters)
  const start = extensionStart(local, delimiters)
  return { full: [local], bare: start === -1 ? NONE : [local.slice(0, start)] }
}

function quotedForms(local: string, delimiters: string): LocalPartForms {
  const internal = unquote(local)
  const full = internal === '' ? [local] : [local, internal]
  const start = extensionStart(internal, delimiters)
  if (start === -1) return { full, bare: NONE }
  const bare = internal.slice(0, start)
  const external = quoteIfNeeded(bare)
  return { full, bare: external === bare ? [bare] : [external, bare] }
}

/** True for a local part that is one quoted string. */
export function isQuoted(local: string): boolean {
  return local.length >= 2 && local.startsWith(QUOTE) && local.endsWith(QUOTE)
}

/** Takes the quotes and backslashes off a local part that {@link isQuoted}. */
export function unquote(local: string): string {
  if (!local.includes(BACKSLASH)) return local.slice(1, -1)
  let text = ''
  for (let i = 1; i < local.length - 1; i++) {
    if (local[i] === BACKSLASH && i + 1 < local.length - 1) i++
    text += local[i]
  }
  return text
}

/** Quotes a local part that is not a row of atoms with single dots between them. */
export function quoteIfNeeded(local: string): string {
  if (isDotString(local)) return local
  let text = QUOTE
  for (const character of local) {
    if (character === QUOTE || character === BACKSLASH || character === '\r') text += BACKSLASH
    text += character
  }
  return text + QUOTE
}

/** Characters that end an atom. Source: RFC 5322 section 3.2.3, `specials`, without the dot. */
const SPECIALS = '()<>[]:;@\\,"'

/** Returns whether a local part needs no quotes. Non-ASCII characters count as atom text, as in Postfix with SMTPUTF8. */
export function isDotString(local: string): boolean {
  if (local === '' || local.startsWith('.') || local.endsWith('.')) return false
  for (let i = 0; i < local.length; i++) {
    const code = local.charCodeAt(i)
    if (code <= 0x20 || code === 0x7f) return false
    const character = local.charAt(i)
    if (character === '.' && local.charAt(i + 1) === '.') return false
    if (SPECIALS.includes(character)) return false
  }
  return true
}

/** Never split, in any case, when they are the whole local part. */
const RESERVED: ReadonlySet<string> = new Set([
  'postmaster',
  'mailer-daemon',
  'double-bounce', // the default of double_bounce_sender
])

const OWNER_PREFIX = 'owner-'
const REQUEST_SUFFIX = '-request'

/**
 * Finds the first delimiter of a local part.
 *
 * @param local In internal form, without quotes; any case.
 * @param delimiters A set of characters; '' for none.
 * @returns The index of the delimiter, which belongs to the extension; -1 for an address that
 *   is not split: without a delimiter, with one at the very start (the user part would be
 *   empty), or reserved.
 */
export function extensionStart(local: string, delimiters: string): number {
  const start = firstOf(local, delimiters)
  if (start <= 0) return -1
  return isReserved(local, delimiters) ? -1 : start
}

function firstOf(local: string, delimiters: string): number {
  if (delimiters.length === 1) return local.indexOf(delimiters)
  let first = -1
  for (let i = 0; i < delimiters.length; i++) {
    const at = local.indexOf(delimiters.charAt(i))
    if (at !== -1 && (first === -1 || at < first)) first = at
  }
  return first
}

function isReserved(local: string, delimiters: string): boolean {
  const name = local.toLowerCase()
  if (RESERVED.has(name)) return true
  if (!delimiters.includes('-')) return false
  if (name.startsWith(OWNER_PREFIX)) return true
  return name.length > REQUEST_SUFFIX.length && name.endsWith(REQUEST_SUFFIX)
}
