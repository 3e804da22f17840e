/**
 * Who counts as one client where requests are limited: an address, except for those of which one machine
 * has many: 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and the /64 of an IPv6 address (RFC 4291 section 2.5.1).
 */
import { isIPv6 } from 'node:net'
import { isLoopback } from '../core/system/network-list.ts'

/** An IPv4 address in an IPv6 socket (RFC 4291 section 2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** Groups of 16 bits in the network part of an IPv6 address, and in all of it. */
const NETWORK_GROUPS = 4
const ALL_GROUPS = 8

/** @param address Undefined for a unix socket: all who may open it count as one. */
export function clientGroup(address: string | undefined): string {
  if (address === undefined || address === '') return 'unix'
  const plain = MAPPED.exec(address)?.[1] ?? address.replace(/%.*$/, '')
  if (isLoopback(plain)) return 'loopback'
  return isIPv6(plain) ? network(plain) : plain
}

function network(address: string): string {
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: ALL_GROUPS - before.length - after.length }, () => '0')
  const groups = tail === undefined ? before : [...before, ...zeros, ...after]
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
