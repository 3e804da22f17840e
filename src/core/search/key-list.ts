/**
 * Builds one sequence of search keys: the pieces that the kinds of tables share.
 */
import type { LocalPartForms } from './local-part.ts'
import type { SearchKey } from './search-keys.ts'

/**
 * Longest domain whose parents are looked up, in characters. Source: RFC 1035 section 2.3.4,
 * 255 octets. A longer name cannot exist, and its parents would be one request per label.
 */
export const MAX_NAME_LENGTH = 255

const DOT = '.'

/** Adds a key unless it is there already. For the few places where that can happen. */
export function addKey(keys: SearchKey[], key: string, withoutExtension: boolean): void {
  for (let i = 0; i < keys.length; i++) if (keys[i]?.key === key) return
  keys.push({ key, withoutExtension })
}

/** Adds the local part with its extension and then without, each followed by `tail`. */
export function addLocalPart(keys: SearchKey[], forms: LocalPartForms, tail: string): void {
  for (const form of forms.full) addKey(keys, form + tail, false)
  for (const form of forms.bare) addKey(keys, form + tail, true)
}

/**
 * Adds a domain, then what stands for its subdomains, from the nearest parent to the top
 * level: `.example.com`, or `example.com` where a parent domain matches its subdomains.
 *
 * An address literal has no parents: Postfix goes on with `.2.3.4]` for `[1.2.3.4]`, keys that
 * no table has, and that would only cost requests here.
 */
export function addDomains(keys: SearchKey[], domain: string, parentMatches: boolean): void {
  if (domain === '') return
  addKey(keys, domain, false)
  if (domain.length > MAX_NAME_LENGTH || domain.startsWith('[')) return

  // A first character that is a dot is part of the name, as in Postfix: `.b` has no parents.
  let dot = domain.indexOf(DOT, 1)
  while (dot !== -1) {
    const start = parentMatches ? dot + 1 : dot
    if (start === domain.length) return
    keys.push({ key: domain.slice(start), withoutExtension: false })
    dot = domain.indexOf(DOT, start + 1)
  }
}
