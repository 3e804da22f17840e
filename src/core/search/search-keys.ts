/**
 * The keys that are looked up for one key: Postfix's partial-key search.
 *
 * Postfix searches its indexed tables (hash, SQL, LDAP) with a sequence of ever less
 * specific keys, and asks socketmap and tcp tables only for the first of them. This is the
 * rest of that sequence.
 *
 * Source: virtual(5), canonical(5), transport(5), relocated(5), access(5); Postfix
 * `src/global/mail_addr_find.c` and `src/smtpd/smtpd_check.c`. The sequences in the unit
 * tests were read from the verbose log of Postfix 3.7.11.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { comparableDomain } from '../key/idn.ts'
import { type LocalPartForms, localPartForms } from './local-part.ts'

/**
 * Longest parent of a domain that is looked up, in characters. Source: RFC 1035 section 2.3.4,
 * 255 octets. A longer name cannot exist, and would be one more request per label.
 */
const MAX_NAME_LENGTH = 255

const DOT = '.'

/** Matches everything that nothing else matches. Unique to transport tables. */
const WILDCARD = '*'

/** How the keys that are looked up come from the key that was asked. */
export type SearchKind = 'exact' | 'address' | 'transport' | 'access-address' | 'access-client'

/** One key to look up. */
export interface SearchKey {
  readonly key: string
  /**
   * True when the address extension was taken off to get this key. A match has to give it
   * back where the table propagates extensions: `extensionOf` on the key as it was asked,
   * before its case was folded, because Postfix gives it back as it was written.
   */
  readonly withoutExtension: boolean
}

/** Returns whether a search key is the asked key itself, or that without its extension: the same user of the same domain. */
export function isOwnKey({ key, withoutExtension }: SearchKey, asked: string): boolean {
  if (key === asked) return true
  const at = asked.lastIndexOf('@')
  return at > 0 && withoutExtension && key.endsWith(asked.slice(at))
}

/** What the sequence depends on besides the key: a table's settings. */
export interface SearchOptions {
  /** A set of characters, as main.cf has it; '' when addresses have no extensions. */
  readonly recipientDelimiter: string
  /** Lower case. The domains whose users are looked up without the domain, too. */
  readonly localDomains: ReadonlySet<string>
  /** True: `example.com` stands for its subdomains. False: `.example.com` does. */
  readonly parentDomainMatchesSubdomains: boolean
}

/**
 * Returns what to look up for one key, in order; the first match wins.
 *
 * The first is always the key itself, so a caller may look that up before it asks for the
 * sequence. No key comes twice, and none but the first can be empty.
 *
 * @param key As asked, its case folded or not.
 * @returns At most 7 keys, and the parents of the domain (see `MAX_NAME_LENGTH`).
 */
export function searchKeys(kind: SearchKind, key: string, options: SearchOptions): readonly SearchKey[] {
  switch (kind) {
    case 'exact':
      return [{ key, withoutExtension: false }]
    case 'address':
      return addressKeys(key, options)
    case 'transport':
      return transportKeys(key, options)
    case 'access-address':
      return accessAddressKeys(key, options)
    case 'access-client':
      return accessClientKeys(key, options)
  }
}

/**
 * The search keys of an address: virtual(5), canonical(5), generic(5), relocated(5), and the
 * mailbox, bcc, sender_login, relay_recipient and sender_dependent lookups.
 *
 *   user+ext@domain, user@domain, user+ext, user, @domain
 *
 * The two without a domain only for a local domain ($myorigin, $mydestination, an interface).
 *
 * The domain is what follows the last `@`; a key without one is a bare user.
 */
function addressKeys(key: string, options: SearchOptions): readonly SearchKey[] {
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
  if (localDomains.size === 0) return false
  const name = domain.toLowerCase()
  return localDomains.has(name) || localDomains.has(comparableDomain(name))
}

/**
 * The search keys of transport(5).
 *
 *   user+ext@domain, user@domain, domain, .parent (or parent) up to the top level, *
 *
 * A key without a domain is asked as it is: `*`, which Postfix asks by itself, or a person's.
 */
function transportKeys(key: string, options: SearchOptions): readonly SearchKey[] {
  const keys: SearchKey[] = [{ key, withoutExtension: false }]
  const at = key.lastIndexOf('@')
  if (at === -1) return keys

  const forms = localPartForms(key.slice(0, at), options.recipientDelimiter)
  addLocalPart(keys, forms, key.slice(at))
  addDomains(keys, key.slice(at + 1), options.parentDomainMatchesSubdomains)
  addKey(keys, WILDCARD, false)
  return keys
}

/**
 * The search keys of access(5) for sender and recipient addresses.
 *
 *   user+ext@domain, user@domain, domain, parents (or .parents), user+ext@, user@
 *
 * The null sender comes as `<>` and is looked up as that.
 */
function accessAddressKeys(key: string, options: SearchOptions): readonly SearchKey[] {
  const keys: SearchKey[] = [{ key, withoutExtension: false }]
  const at = key.lastIndexOf('@')
  if (at === -1) return keys

  const forms = localPartForms(key.slice(0, at), options.recipientDelimiter)
  addLocalPart(keys, forms, key.slice(at))
  addDomains(keys, key.slice(at + 1), options.parentDomainMatchesSubdomains)
  if (at !== 0) addLocalPart(keys, forms, '@')
  return keys
}

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
function accessClientKeys(key: string, options: SearchOptions): readonly SearchKey[] {
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

/** Adds a key unless it is there already. For the few places where that can happen. */
function addKey(keys: SearchKey[], key: string, withoutExtension: boolean): void {
  for (let i = 0; i < keys.length; i++) if (keys[i]?.key === key) return
  keys.push({ key, withoutExtension })
}

/** Adds the local part with its extension and then without, each followed by `tail`. */
function addLocalPart(keys: SearchKey[], forms: LocalPartForms, tail: string): void {
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
function addDomains(keys: SearchKey[], domain: string, parentMatches: boolean): void {
  if (domain === '') return
  addKey(keys, domain, false)
  if (domain.startsWith('[')) return

  // A first character that is a dot is part of the name, as in Postfix: `.b` has no parents.
  let dot = domain.indexOf(DOT, Math.max(1, domain.length - MAX_NAME_LENGTH - 1))
  while (dot !== -1) {
    const start = parentMatches ? dot + 1 : dot
    if (start === domain.length) return
    keys.push({ key: domain.slice(start), withoutExtension: false })
    dot = domain.indexOf(DOT, start + 1)
  }
}
