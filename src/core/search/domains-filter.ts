/**
 * The `domains:` setting: outside these domains a table is not asked, and the key is not found.
 *
 * It saves most of the load there is, because Postfix asks virtual_alias_maps for every remote
 * recipient, too, and `*` of transport_maps every 30 s. Unlike `domain` of pgsql_table(5) it is applied once, to the key that Postfix
 * sent; the partial keys of an accepted key are all looked up.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { comparableDomain } from '../key/idn.ts'

/** What the filter looks at. */
type FilterSubject =
  | { readonly kind: 'exempt' } // `<>` or an IP address: always passes
  | { readonly kind: 'none' } // no domain, such as `*`: never passes
  | { readonly kind: 'domain'; readonly domain: string } // lower case

/** What the filter says of one key, and the domain it decided on. */
type DomainVerdict =
  | { readonly kind: 'pass'; readonly domain: string | undefined }
  | { readonly kind: 'filtered'; readonly domain: string | undefined }

const EXEMPT: FilterSubject = Object.freeze({ kind: 'exempt' })
const NONE: FilterSubject = Object.freeze({ kind: 'none' })

const DOT = '.'

/**
 * Returns what the filter decides on for one key: what follows the last `@`; for a key without
 * `@`, which is a host or domain name when it has a dot, all of it.
 */
export function filterSubject(key: string): FilterSubject {
  const at = key.lastIndexOf('@')
  if (at !== -1) return domainSubject(key.slice(at + 1))
  if (key === '<>' || isAddress(key)) return EXEMPT
  return key.includes('.') ? domainSubject(key) : NONE
}

/** Without the dot of an absolute name: Postfix takes it off where it rewrites, and `a.example.` is `a.example` where it does not. */
function domainSubject(domain: string): FilterSubject {
  if (domain === '' || domain === DOT) return NONE
  const isAbsolute = domain.endsWith(DOT) && !domain.endsWith('..')
  return { kind: 'domain', domain: (isAbsolute ? domain.slice(0, -1) : domain).toLowerCase() }
}

/** An IP address, alone or as an address literal: `[1.2.3.4]`, `[IPv6:2001:db8::1]`. */
function isAddress(key: string): boolean {
  if (!key.startsWith('[') || !key.endsWith(']')) return isIPv4(key) || isIPv6(key)
  const inner = key.slice(1, -1)
  return isIPv4(inner) || isIPv6(inner.toLowerCase().startsWith('ipv6:') ? inner.slice(5) : inner)
}

/** A list of names (`example.com`) and of names whose subdomains count (`.example.org`). */
export class DomainList {
  readonly #names = new Set<string>()
  /** With their first dot. */
  readonly #parents = new Set<string>()
  #longestParent = 0

  /** @param entries Any case. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const name = entry.toLowerCase()
      if (!name.startsWith('.')) this.#names.add(name)
      else {
        this.#parents.add(name)
        this.#longestParent = Math.max(this.#longestParent, name.length)
      }
    }
  }

  /** @param domain Lower case. */
  has(domain: string): boolean {
    if (this.#names.has(domain)) return true
    // Nothing longer than the longest entry can match, so a name of many labels costs no more.
    let dot = domain.indexOf('.', domain.length - this.#longestParent)
    for (; dot !== -1; dot = domain.indexOf('.', dot + 1))
      if (this.#parents.has(domain.slice(dot))) return true
    return false
  }
}

/** Makes a filter of a list of domains. */
export function filterByList(entries: readonly string[]): (key: string) => DomainVerdict {
  const list = new DomainList(entries)
  return (key) => {
    const subject = filterSubject(key)
    if (subject.kind !== 'domain') return withoutDomain(subject.kind)
    const { domain } = subject
    const isIn = list.has(domain) || list.has(comparableDomain(domain))
    return { kind: isIn ? 'pass' : 'filtered', domain }
  }
}

/**
 * Makes a filter of another table, which knows the domains: the caller asks it, and its failure
 * is the lookup's failure.
 */
export function filterByTable<Table>(
  table: Table,
): (key: string) => DomainVerdict | { readonly kind: 'ask'; readonly domain: string; readonly table: Table } {
  return (key) => {
    const subject = filterSubject(key)
    if (subject.kind !== 'domain') return withoutDomain(subject.kind)
    return { kind: 'ask', domain: subject.domain, table }
  }
}

function withoutDomain(kind: 'exempt' | 'none'): DomainVerdict {
  return { kind: kind === 'exempt' ? 'pass' : 'filtered', domain: undefined }
}
