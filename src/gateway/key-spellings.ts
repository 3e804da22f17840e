/**
 * The spellings under which the answers of one key may be stored: one for each that Postfix may have asked with. Pure.
 */
import { domainToUnicode } from 'node:url'
import { comparableAddress } from '../core/key/idn.ts'

/** The key as it is, by A-labels, and by U-labels, each once. */
export function addressSpellings(key: string): ReadonlySet<string> {
  const comparable = comparableAddress(key)
  const at = comparable.lastIndexOf('@') + 1
  const domain = comparable.slice(at)
  const unicode = domain.includes('xn--') ? domainToUnicode(domain) : ''
  const spellings = [key, comparable, unicode === '' ? comparable : comparable.slice(0, at) + unicode]
  return new Set(spellings)
}
