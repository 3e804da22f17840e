/**
 * The search keys of an address: virtual(5), canonical(5), generic(5), relocated(5), and the
 * mailbox, bcc, sender_login, relay_recipient and sender_dependent lookups.
 *
 *   user+ext@domain, user@domain, user+ext, user, @domain
 *
 * The two without a domain only for a local domain ($myorigin, $mydestination, an interface).
 */
import { addKey, addLocalPart } from './key-list.ts'
import { localPartForms } from './local-part.ts'
import type { SearchKey, SearchOptions } from './search-keys.ts'

/** The domain is what follows the last `@`; a key without one is a bare user. */
export function addressKeys(key: string, options: SearchOptions): readonly SearchKey[] {
  const keys: SearchKey[] = [{ key, withoutExtension: false }]
  const at = key.lastIndexOf('@')
  // `@domain`, as a person or a filter may ask: there is nothing less specific.
  if (at === 0 || key === '') return keys

  const forms = localPartForms(at === -1 ? key : key.slice(0, at), options.recipientDelimiter)
  const atDomain = at === -1 ? '' : key.slice(at)
  addLocalPart(keys, forms, atDomain)
  if (atDomain.length <= 1) return keys

  if (isLocal(atDomain.slice(1), options.localDomains)) addLocalPart(keys, forms, '')
  addKey(keys, atDomain, false)
  return keys
}

function isLocal(domain: string, localDomains: ReadonlySet<string>): boolean {
  return localDomains.size !== 0 && localDomains.has(domain.toLowerCase())
}
