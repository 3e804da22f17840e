/**
 * What every room of the gateway works with.
 */
import type { Clock } from '../core/clock.ts'
import type { Observability } from '../observability/observability.ts'

/** Made once, and shared by all rooms over every reload. */
export interface GatewayParts {
  readonly clock: Clock
  /** Numbers from 0 up to 1: for jitter and backoff. */
  readonly random: () => number
  readonly observability: Observability
  /** True while the program does not keep up with what arrives. */
  readonly overloaded: () => boolean
}
