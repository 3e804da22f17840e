/**
 * The keys that are looked up for one key: Postfix's partial-key search.
 *
 * Postfix searches its indexed tables (hash, SQL, LDAP) with a sequence of ever less
 * specific keys, and asks socketmap and tcp tables only for the first of them. This is the
 * rest of that sequence, one file per kind of table.
 *
 * Source: virtual(5), canonical(5), transport(5), relocated(5), access(5); Postfix
 * `src/global/mail_addr_find.c` and `src/smtpd/smtpd_check.c`. The sequences in the unit
 * tests were read from the verbose log of Postfix 3.7.11.
 */
import { accessAddressKeys } from './access-address-keys.ts'
import { accessClientKeys } from './access-client-keys.ts'
import { addressKeys } from './address-keys.ts'
import { transportKeys } from './transport-keys.ts'

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
 * Tells what to look up for one key, in order; the first match wins.
 *
 * The first is always the key itself, so a caller may look that up before it asks for the
 * sequence. No key comes twice, and none but the first can be empty.
 *
 * @param key As asked, its case folded or not.
 * @returns At most `7 + labels of the domain` keys (see `MAX_NAME_LENGTH`).
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
