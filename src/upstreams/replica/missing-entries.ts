/**
 * Why a JSON page has no entries: an empty list has none, and an error message has no list. Pure.
 */

/** Names of a page that are shown. */
const SHOWN = 3

/** Longest name that is shown, in characters. Ours. */
const MAX_NAME_LENGTH = 40

/**
 * @param document The whole page, in which no entry was found.
 * @param names The names that lead to the entries.
 * @returns The place that is not as it should be, and what is there; undefined for a list without entries.
 */
export function missingEntries(
  document: unknown,
  names: readonly string[],
): { readonly path: string; readonly found: string } | undefined {
  let path = '$'
  let value = document
  for (const name of names) {
    if (!isObject(value)) return { path, found: kindOf(value) }
    path += `.${name}`
    if (!Object.hasOwn(value, name)) return { path, found: `missing; there is ${namesOf(value)}` }
    value = value[name]
  }
  return Array.isArray(value) || isObject(value) ? undefined : { path, found: kindOf(value) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return 'a text'
  return Array.isArray(value) ? 'a list' : 'a number'
}

function namesOf(value: object): string {
  const names = Object.keys(value)
  if (names.length === 0) return 'nothing'
  const shown = names.slice(0, SHOWN).map((name) => JSON.stringify(name.slice(0, MAX_NAME_LENGTH)))
  return shown.join(', ') + (names.length > SHOWN ? ', ...' : '')
}
