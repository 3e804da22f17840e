/**
 * Who can reach an address at all: decides what needs `allow` or tokens.
 */
import { isIPv4 } from 'node:net'
import type { Address } from '../core/address.ts'

/** What a listener allows that does not say. RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
export const LOOPBACK_NETWORKS: readonly string[] = ['127.0.0.0/8', '::1']

/**
 * `unix` who may write to the socket file; `loopback` processes of this machine; `network`
 * perhaps anybody. What systemd hands over is not known before the start, so it counts as `network`.
 */
export function reachOf(address: Address): 'unix' | 'loopback' | 'network' {
  if (address.kind === 'unix') return 'unix'
  return address.kind === 'inet' && isLoopback(address.host) ? 'loopback' : 'network'
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
