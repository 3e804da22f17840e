/**
 * Refuses to open the admin API to a network without a token: anybody who reaches it could read what
 * Postfix asks and empty every cache.
 */
import type { AddressInfo } from 'node:net'
import { isLoopback } from '../core/system/network-list.ts'
import type { AdminSettings } from './ports.ts'

/**
 * @param bound What the server listens on; before it listens, the configured address counts, and
 *   one that is not known yet (a socket from systemd) passes until then.
 * @throws Error that says what to do.
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
