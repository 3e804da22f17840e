/**
 * The search keys of access(5) for sender and recipient addresses.
 *
 *   user+ext@domain, user@domain, domain, parents (or .parents), user+ext@, user@
 *
 * The null sender comes as `<>` and is looked up as that.
 */
import { addDomains, addLocalPart } from './key-list.ts'
import { localPartForms } from './local-part.ts'
import type { SearchKey, SearchOptions } from './search-keys.ts'

export function accessAddressKeys(key: string, options: SearchOptions): readonly SearchKey[] {
  const keys: SearchKey[] = [{ key, withoutExtension: false }]
  const at = key.lastIndexOf('@')
  if (at === -1) return keys

  const forms = localPartForms(key.slice(0, at), options.recipientDelimiter)
  addLocalPart(keys, forms, key.slice(at))
  addDomains(keys, key.slice(at + 1), options.parentDomainMatchesSubdomains)
  if (at !== 0) addLocalPart(keys, forms, '@')
  return keys
}
