/**
 * Refuses to open the admin API to a network without a token: whoever reaches it could read what
 * Postfix asks and empty every cache.
 */
import { type AddressInfo, BlockList, isIPv6 } from 'node:net'
import type { AdminSettings } from './ports.ts'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * @param bound What the server listens on; before it listens, the configured address counts, and
 *   one that is not known yet (a socket from systemd) passes until then.
 * @throws Error that tells what to do.
 */
export function requireTokenBeyondLoopback(
  { address, tokens }: Pick<AdminSettings, 'address' | 'tokens'>,
  bound: AddressInfo | string | null = null,
): void {
  if (tokens.length > 0) return
  const host = typeof bound === 'object' && bound !== null ? bound.address : configuredHost(address)
  if (host === undefined || isLoopback(host)) return
  throw new Error(
    `admin.listen: ${host} can be reached from other machines; configure admin.tokens, or listen on 127.0.0.1 or a unix socket`,
  )
}

function configuredHost(address: AdminSettings['address']): string | undefined {
  return address.kind === 'inet' ? address.host : undefined
}

function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
}
