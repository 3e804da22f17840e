/**
 * Tells IP addresses from names, without regular expressions: this runs for every client.
 */

const ZERO = 0x30
const NINE = 0x39
const IPV4_OCTETS = 4
const MAX_OCTET = 255
/** Longest text of an IPv6 address, in characters. Source: RFC 4291, INET6_ADDRSTRLEN less one. */
const MAX_IPV6_LENGTH = 45
const IPV6_CHARACTERS = '0123456789abcdefABCDEF:.'

/** True for four decimal octets with dots between them. */
export function isIPv4(text: string): boolean {
  let octets = 1
  let value = -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x2e) {
      if (value === -1) return false
      octets++
      value = -1
    } else {
      if (code < ZERO || code > NINE) return false
      value = (value === -1 ? 0 : value * 10) + code - ZERO
      if (value > MAX_OCTET) return false
    }
  }
  return octets === IPV4_OCTETS && value !== -1
}

/** True for text that looks like an IPv6 address: two colons at least, hexadecimal, perhaps dots. */
export function isIPv6(text: string): boolean {
  if (text.length > MAX_IPV6_LENGTH) return false
  const first = text.indexOf(':')
  if (first === -1 || text.indexOf(':', first + 1) === -1) return false
  for (let i = 0; i < text.length; i++) if (!IPV6_CHARACTERS.includes(text.charAt(i))) return false
  return true
}
