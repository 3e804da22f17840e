/** The protocols and the kinds of upstream of a program. */
import type { Protocols } from '../protocols/registry.ts'
import type { UpstreamKinds } from '../upstreams/registry.ts'

export interface Kinds {
  readonly protocols: Protocols
  readonly upstreams: UpstreamKinds
}
