/**
 * What every module of the gateway works with.
 */
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import type { Observability } from '../observability/observability.ts'
import type { Protocols } from '../protocols/registry.ts'
import type { TracedEndpoints } from '../upstreams/kind.ts'
import type { UpstreamKinds } from '../upstreams/registry.ts'

/** Made once, and shared by all over every reload. */
export interface GatewayParts {
  readonly clock: Clock
  /** Numbers from 0 up to 1: for jitter and backoff. */
  readonly random: () => number
  readonly observability: Observability
  /** Those that a listener can speak. */
  readonly protocols: Protocols
  /** Those that the configuration may use. */
  readonly upstreamKinds: UpstreamKinds
  readonly traced: Traced
  /** True while the program does not keep up with what arrives. */
  readonly overloaded: () => boolean
}

/** What is wrapped for tracing: with spans, or with a bare `traceparent`. */
export interface Traced extends TracedEndpoints {
  lookup(inner: Lookup): Lookup
}
