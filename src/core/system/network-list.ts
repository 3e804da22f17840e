/**
 * Networks of clients: an address, or an address with the length of its prefix (CIDR, RFC 4632 and RFC 4291
 * section 2.3).
 */
import { BlockList, isIP, isIPv6 } from 'node:net'

/** This machine. Source: RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
export const LOOPBACK_NETWORKS: readonly string[] = ['127.0.0.0/8', '::1']

/** What is wrong with a network, as the end of a sentence; undefined when nothing is. */
export function networkError(text: string): string | undefined {
  const slash = text.indexOf('/')
  const family = isIP(slash === -1 ? text : text.slice(0, slash))
  if (family === 0)
    return 'is not a network; write an address or CIDR, such as 192.0.2.0/24 or "2001:db8::/32"'
  if (slash === -1) return undefined
  const length = text.slice(slash + 1)
  const longest = family === 4 ? 32 : 128
  if (/^\d{1,3}$/.test(length) && Number(length) <= longest) return undefined
  return `has no prefix length from 0 to ${longest} after the slash`
}

/**
 * A list of networks. An IPv4 client on an IPv6 socket (`::ffff:192.0.2.1`) is in IPv4 networks; node:net's
 * BlockList sees to it.
 */
export class NetworkList {
  readonly #networks = new BlockList()

  /** @throws RangeError for a text that is no network. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      if (networkError(network) !== undefined)
        throw new RangeError(`"${network}" is no IP address or network; write 192.0.2.0/24 or 2001:db8::/32`)
      const [address = '', length] = network.split('/')
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      if (length === undefined) this.#networks.addAddress(address, family)
      else this.#networks.addSubnet(address, Number(length), family)
    }
  }

  /** @param address The remote address of a socket; a link-local one carries its interface: `fe80::1%eth0`. */
  has(address: string): boolean {
    const plain = address.split('%', 1)[0] ?? address
    return isIP(plain) !== 0 && this.#networks.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
  }
}

const LOOPBACK = new NetworkList(LOOPBACK_NETWORKS)

/** Returns whether only this machine reaches an address. @param host An address, or `localhost`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || LOOPBACK.has(host)
}
