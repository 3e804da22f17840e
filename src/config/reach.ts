/**
 * Who can reach an address at all: decides what needs `allow` or tokens.
 */
import type { Address } from '../core/system/address.ts'
import { isLoopback } from '../core/system/network-list.ts'

/**
 * `unix` who may write to the socket file; `loopback` processes of this machine; `network`
 * perhaps anybody. What systemd hands over is not known before the start, so it counts as `network`.
 */
export function reachOf(address: Address): 'unix' | 'loopback' | 'network' {
  if (address.kind === 'unix') return 'unix'
  return address.kind === 'inet' && isLoopback(address.host) ? 'loopback' : 'network'
}
