/**
 * The parts of a key that templates can name: `{key} {user} {domain} {domain1}` to `{domain9}`
 * and `{table}`.
 *
 * The meaning is that of `%s %u %d %1` to `%9` in pgsql_table(5): a template that needs a part
 * which the key does not have is not used at all ("suppressed").
 */

/** Every name a request template may use. */
export const KEY_PART_NAMES = [
  'key',
  'user',
  'domain',
  'domain1',
  'domain2',
  'domain3',
  'domain4',
  'domain5',
  'domain6',
  'domain7',
  'domain8',
  'domain9',
  'table',
] as const

export type KeyPartName = (typeof KEY_PART_NAMES)[number]

/**
 * Takes one part out of a key.
 *
 * - `key` is the whole key; an empty key does not have it.
 * - `domain` is what follows the last `@`; a key without `@`, or with nothing behind it, has none.
 * - `user` is what precedes the last `@`. A key without `@` is all user, as `%u` in
 *   pgsql_table(5); `@example.com` has none.
 * - `domain1` is the rightmost label of the domain, `domain2` the one before it, and so on. A
 *   label is there only when it and all labels to the right of it are not empty.
 * - `table` is the name of the table, always there.
 *
 * @returns `undefined` when the key does not have that part; never an empty text.
 */
export function keyPart(name: KeyPartName, key: string, table: string): string | undefined {
  switch (name) {
    case 'key':
      return textOrNothing(key)
    case 'user':
      return userOf(key)
    case 'domain':
      return domainOf(key)
    case 'table':
      return table
    default:
      return labelOf(domainOf(key), Number(name.slice('domain'.length)))
  }
}

/** The text before the last `@`, or all of it; undefined when that is empty. */
export function userOf(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  return textOrNothing(at < 0 ? address : address.slice(0, at))
}

/** The text behind the last `@`; undefined when there is none. */
export function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  return at < 0 ? undefined : textOrNothing(address.slice(at + 1))
}

/** The label at a position counted from the right, 1 to 9. */
function labelOf(domain: string | undefined, position: number): string | undefined {
  if (domain === undefined) return undefined
  const labels = domain.split('.').reverse().slice(0, position)
  // Postfix skips domains with an empty label among those it needs (db_common_expand).
  return labels.length < position || labels.includes('') ? undefined : labels[position - 1]
}

function textOrNothing(text: string): string | undefined {
  return text === '' ? undefined : text
}
