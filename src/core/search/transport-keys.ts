/**
 * The search keys of transport(5).
 *
 *   user+ext@domain, user@domain, domain, .parent (or parent) up to the top level, *
 */
import { addDomains, addKey, addLocalPart } from './key-list.ts'
import { localPartForms } from './local-part.ts'
import type { SearchKey, SearchOptions } from './search-keys.ts'

/** Matches everything that nothing else matches. Unique to transport tables. */
const WILDCARD = '*'

/** A key without a domain is asked as it is: `*`, which Postfix asks by itself, or a person's. */
export function transportKeys(key: string, options: SearchOptions): readonly SearchKey[] {
  const keys: SearchKey[] = [{ key, withoutExtension: false }]
  const at = key.lastIndexOf('@')
  if (at === -1) return keys

  const forms = localPartForms(key.slice(0, at), options.recipientDelimiter)
  addLocalPart(keys, forms, key.slice(at))
  addDomains(keys, key.slice(at + 1), options.parentDomainMatchesSubdomains)
  addKey(keys, WILDCARD, false)
  return keys
}
