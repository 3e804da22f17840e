/**
 * The syntax of networks: an address, or an address with the length of its prefix (CIDR,
 * RFC 4632 and RFC 4291 section 2.3).
 */
import { isIP } from 'node:net'

/** What is wrong with a network, as the end of a sentence; undefined when nothing is. */
export function networkError(text: string): string | undefined {
  const slash = text.indexOf('/')
  const family = isIP(slash === -1 ? text : text.slice(0, slash))
  if (family === 0) return 'is no network; write an address or CIDR, such as 192.0.2.0/24 or "2001:db8::/32"'
  if (slash === -1) return undefined
  const length = text.slice(slash + 1)
  const longest = family === 4 ? 32 : 128
  if (/^\d{1,3}$/.test(length) && Number(length) <= longest) return undefined
  return `has no prefix length from 0 to ${longest} after the slash`
}
