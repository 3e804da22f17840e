/**
 * Lists of networks that match nobody who could reach the listener.
 */
import { isIP } from 'node:net'
import type { Address } from '../../core/address.ts'
import { isLoopback, LOOPBACK_NETWORKS, NetworkList } from '../../core/network-list.ts'
import { reachOf } from '../reach.ts'

/** Addresses that stand for "none" (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.2). */
const UNSPECIFIED = new Set(['0.0.0.0', '0.0.0.0/32', '::', '::/128'])

/** Why nobody may connect, as the end of a sentence; undefined where somebody may. */
export function whyNobody(address: Address, allow: readonly string[]): string | undefined {
  const networks = allow.filter((network) => !UNSPECIFIED.has(network))
  if (networks.length === 0) return 'no client has such an address'
  if (address.kind !== 'inet') return undefined
  if (reachOf(address) === 'loopback' && !networks.some(meetsLoopback))
    return `only this machine reaches a loopback address; add ${JSON.stringify(LOOPBACK_NETWORKS)}, or listen on another address`
  const family = isIP(address.host)
  const isDual = family === 0 || address.host === '::'
  if (!isDual && !networks.some((network) => familyOf(network) === family))
    return `clients of an IPv${family} address have one themselves; add such networks, or listen on another address`
  return undefined
}

function familyOf(network: string): number {
  const [address = ''] = network.split('/')
  // Those of IPv4 in the form of IPv6 are clients of IPv4 (RFC 4291 section 2.5.5.2).
  return address.toLowerCase().startsWith('::ffff:') ? 4 : isIP(address)
}

/** Returns whether a network has loopback addresses, or lies in them. */
function meetsLoopback(network: string): boolean {
  const [address = ''] = network.split('/')
  const list = new NetworkList([network])
  return list.has('127.0.0.1') || list.has('::1') || isLoopback(address)
}
