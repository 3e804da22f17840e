/**
 * One domain, two spellings: `bücher.example` (U-label) and `xn--bcher-kva.example` (A-label). RFC 5890 section 2.3.2.
 *
 * Postfix hands on the one that the client wrote, so that comparing takes the A-label of both (RFC 5891 section 5).
 */

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
 * What stands before an `@` stays: a local part has no other spelling.
 */
export function asciiValue(value: string): string {
  return ASCII.test(value) ? value : value.replace(/[^\s,;:<>()[\]"]+/g, asciiAddress)
}
