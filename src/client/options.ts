/**
 * The options of the wire clients.
 */

import { type Clock, systemClock } from '../core/clock.ts'
import { type Address, parseAddress } from '../core/system/address.ts'

export interface ClientOptions {
  /** In Postfix spelling (`inet:HOST:PORT`, `unix:/PATH`), or taken apart. */
  readonly address: string | Address
  /** Longest time to connect, and again to wait for each reply, ms. Default {@link DEFAULT_TIMEOUT_MS}. */
  readonly timeoutMs?: number
  /** For tests. */
  readonly clock?: Clock
}

/** Source: Postfix waits 100 s, `src/util/dict_sockmap.c` and `dict_tcp.c`. */
const DEFAULT_TIMEOUT_MS = 100_000

/** Fills the defaults in. Throws TypeError for a text that is no address. */
export function resolveOptions({
  address,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  clock = systemClock,
}: ClientOptions): {
  readonly address: Address
  readonly timeoutMs: number
  readonly clock: Clock
} {
  const parsed = typeof address === 'string' ? parseAddress(address) : address
  if (parsed.kind === 'invalid') throw new TypeError(`"${address}" is not an address: ${parsed.why}`)
  return { address: parsed, timeoutMs, clock }
}
