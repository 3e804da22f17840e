/**
 * Where the address extension of a local part begins.
 *
 * Source: postconf(5) recipient_delimiter, owner_request_special, double_bounce_sender;
 * Postfix `src/global/split_addr.c`.
 */

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
