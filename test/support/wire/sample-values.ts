/**
 * A short value that the clients of a protocol can be told.
 */
import type { Protocol } from '../../../src/protocols/protocol.ts'

/** Protocols whose values have a grammar. */
const VALUES: Readonly<Record<string, string>> = { policy: 'REJECT not here' }

export function sampleValue({ name }: Pick<Protocol, 'name'>, otherwise = 'v'): string {
  return VALUES[name] ?? otherwise
}
