/**
 * One domain, two spellings: `bücher.example` (U-label) and `xn--bcher-kva.example` (A-label). RFC 5890 section 2.3.2.
 *
 * Postfix hands on the one that the client wrote, so that comparing takes the A-label of both (RFC 5891 section 5).
 */

import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import { found, type LookupResult } from '../result.ts'

const ASCII = /^[\x00-\x7f]*$/

/** What cannot be in a domain, and would be read as another part of a URL. */
const NOT_IN_DOMAIN = /[\s/@:?#%\\[\]]/

/** The domain in A-labels; the same text for one that is ASCII already, or no domain. */
export function asciiDomain(domain: string): string {
  if (ASCII.test(domain) || NOT_IN_DOMAIN.test(domain)) return domain
  const dot = domain.startsWith('.') ? '.' : ''
  // The global URL has the only IDNA of Node.js that needs no module (UTS #46, as browsers do it).
  const url = `http://${domain.slice(dot.length)}/`
  return URL.canParse(url) ? dot + new URL(url).hostname : domain
}

/**
 * The one spelling by which domains are compared: A-labels, without the dot at the end that DNS allows and Postfix takes off
 * (trivial-rewrite(8), `rewrite.c`). `a..` and `.` alone are no such names and stay.
 */
export function comparableDomain(domain: string): string {
  const isAbsolute = domain.length > 1 && domain.endsWith('.') && !domain.endsWith('..')
  return asciiDomain(isAbsolute ? domain.slice(0, -1) : domain)
}

/** A key with its domain as {@link comparableDomain} has it: what follows the last `@`; without one all of it, if it has a dot. */
export function comparableAddress(text: string): string {
  if (!text.endsWith('.')) return asciiAddress(text)
  const at = text.lastIndexOf('@')
  return text.slice(0, at + 1) + comparableDomain(text.slice(at + 1))
}

/** A key or an address with its domain in A-labels: what follows the last `@`; without one all of it, if it has a dot. */
export function asciiAddress(text: string): string {
  if (ASCII.test(text)) return text
  const at = text.lastIndexOf('@')
  // A full stop at the end belongs to the sentence.
  if (at === -1 && !text.slice(0, -1).includes('.')) return text
  return text.slice(0, at + 1) + asciiDomain(text.slice(at + 1))
}

/**
 * A value with every domain in it in A-labels: addresses, lists of them, next hops such as `smtp:[bücher.example]:25`.
 * What is before an `@`, in quotes, before an address in `<>`, or in a path stays: it has no other spelling.
 *
 * @returns `undefined` when a domain has no A-label: UTS #46 refuses it, it is too long, or it would put signs into a label. One dot leader (U+2024)
 *   and "a/c" (U+2100) are drawn as what others read as `.` and `/`. In a sentence only what has an `@` is taken for a domain.
 */
export function asciiValue(value: string): string | undefined {
  if (ASCII.test(value)) return value
  const isSentence = /\s/.test(value)
  const hasNames = /<[^<>\s]*@[^<>\s]*>/.test(value)
  let hasNone = false
  const ascii = value.replace(/"(?:[^"\\]|\\.)*"?|[^\s,;:<>()[\]"]+/g, (text) => {
    if (text.startsWith('"')) {
      // Without an end nobody knows what of it is a domain.
      if (!text.slice(1).endsWith('"') && !ASCII.test(text)) hasNone = true
      return text
    }
    if (!text.includes('@') && (hasNames || text.includes('/'))) return text
    const address = asciiAddress(text)
    if (address === text && ASCII.test(text)) return text
    const at = address.lastIndexOf('@')
    const isDomain = at !== -1 || (!isSentence && (address !== text || looksLikeDomain(text)))
    if (isDomain && !areLabels(address.slice(at + 1))) hasNone = true
    return address
  })
  return hasNone ? undefined : ascii
}

/** What a domain of A-labels is written with. Postfix and others allow the underscore (`valid_hostname.c`). */
const LABELS = /^[\w.-]*$/

/** RFC 1035 section 2.3.4, bytes. */
const MAX_LABEL_BYTES = 63

/** RFC 1035 section 2.3.4, bytes as text without the dot at the end. */
const MAX_DOMAIN_BYTES = 253

function areLabels(domain: string): boolean {
  if (!LABELS.test(domain) || domain.length > MAX_DOMAIN_BYTES + 1) return false
  return domain.split('.').every((label) => label.length <= MAX_LABEL_BYTES)
}

/** A dot, or a character that is one for others or is no letter of a name: its compatibility form has another sign. */
function looksLikeDomain(text: string): boolean {
  return text.slice(0, -1).includes('.') || /[^\w-]/.test(text.normalize('NFKC').replace(/[^\x00-\x7f]/g, ''))
}

/** A result with every domain of its value in A-labels; temporary where one has none. */
export function asciiResult(result: LookupResult): LookupResult {
  if (result.kind !== 'found') return result
  const value = asciiValue(result.value)
  if (value === result.value) return result
  return value === undefined ? temporaryFor(CORE_REASONS.noAsciiDomain) : found(value)
}
