/**
 * Which client addresses may connect: a list of addresses and CIDR networks.
 *
 * An IPv4 client on an IPv6 socket (`::ffff:192.0.2.1`) matches IPv4 networks; node:net's
 * BlockList sees to it.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'

export class AllowList {
  readonly #networks = new BlockList()

  /** @param networks `192.0.2.0/24`, `192.0.2.1`, `2001:db8::/32`, `::1`. Throws RangeError for anything else. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      if (!this.#add(network))
        throw new RangeError(`"${network}" is no IP address or network; write 192.0.2.0/24 or 2001:db8::/32`)
    }
  }

  /** Returns whether a client may connect, by the remote address of its socket. */
  allows(address: string): boolean {
    // A link-local address carries its interface: fe80::1%eth0.
    const plain = address.split('%', 1)[0] ?? address
    return isIP(plain) !== 0 && this.#networks.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
  }

  #add(network: string): boolean {
    const [address = '', prefix, ...rest] = network.split('/')
    const version = isIP(address)
    if (version === 0 || rest.length > 0) return false
    const family = version === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) {
      this.#networks.addAddress(address, family)
      return true
    }
    const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
    if (!(bits <= (version === 6 ? 128 : 32))) return false
    this.#networks.addSubnet(address, bits, family)
    return true
  }
}
