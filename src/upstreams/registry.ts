/**
 * The upstream kinds that a configuration may use, one line for each. No file outside of their
 * folders names one.
 */
import { http } from './http/kind.ts'
import { jwks } from './jwks/kind.ts'
import type { UpstreamKind } from './kind.ts'
import { entries } from './static/kind.ts'
import { store } from './store/kind.ts'

/** By the name of the kind. */
export type UpstreamKinds = ReadonlyMap<string, UpstreamKind>

export const UPSTREAM_KINDS: UpstreamKinds = kindsByName([http, entries, store, jwks])

/** @throws TypeError for two of one name. */
export function kindsByName(kinds: readonly UpstreamKind[]): UpstreamKinds {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]))
  if (byName.size < kinds.length) throw new TypeError('two upstream kinds have one name')
  return byName
}
