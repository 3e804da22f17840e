/**
 * The search keys of access(5) for clients, helo names, name servers and mail exchangers.
 *
 *   host.domain, domain, parents (or .domain, .parents)
 *   1.2.3.4, 1.2.3, 1.2, 1
 *   2001:db8::1, 2001:db8:, 2001:db8, 2001
 *
 * Postfix sends a client's host name and its address as two lookups, without saying which is
 * which; so a key that is an IP address goes by networks.
 */
import { isIPv4, isIPv6 } from './ip.ts'
import { addDomains } from './key-list.ts'
import type { SearchKey, SearchOptions } from './search-keys.ts'

export function accessClientKeys(key: string, options: SearchOptions): readonly SearchKey[] {
  const keys: SearchKey[] = [{ key, withoutExtension: false }]
  if (isIPv6(key)) addNetworks(keys, key, ':')
  else if (isIPv4(key)) addNetworks(keys, key, '.')
  else addDomains(keys, key, options.parentDomainMatchesSubdomains)
  return keys
}

/**
 * Cuts at the last separator until nothing is left. A `::` is cut in two steps, and so leaves a
 * network with a colon at its end (`2001:db8:`), as in Postfix.
 */
function addNetworks(keys: SearchKey[], address: string, separator: string): void {
  for (let cut = address.lastIndexOf(separator); cut > 0; cut = address.lastIndexOf(separator, cut - 1)) {
    keys.push({ key: address.slice(0, cut), withoutExtension: false })
  }
}
