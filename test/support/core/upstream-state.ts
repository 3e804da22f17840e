/**
 * The state of an upstream over endpoints of a test, with the settings that the configuration would give it.
 */
import { silentObserver, type UpstreamObserver } from '../../../src/core/observed/observer.ts'
import { UpstreamState, type UpstreamStateSettings } from '../../../src/core/resilience/upstream-state.ts'
import type { ManualClock } from '../clock/manual-clock.ts'

export interface UpstreamStateOptions {
  readonly settings?: Partial<UpstreamStateSettings>
  readonly observer?: UpstreamObserver
}

export function upstreamState(
  clock: ManualClock,
  endpoints: readonly { readonly name: string }[],
  { settings, observer = silentObserver.upstream('directory') }: UpstreamStateOptions = {},
): UpstreamState {
  return new UpstreamState({
    name: 'directory',
    settings: {
      timeoutMs: 2000,
      attempts: 2,
      maxConcurrent: 64,
      maxQueued: 1000,
      circuitBreaker: { failures: 5, openForMs: 10_000 },
      hedgeAfterMs: undefined,
      ...settings,
      endpoints: endpoints.map(({ name }) => name),
    },
    clock,
    random: () => 0,
    observer,
  })
}

/** Writes what happens down: each request with its outcome and ms, and what came of it. */
export function eventsInto(events: string[]): UpstreamObserver {
  return {
    requestEnded: (endpoint, outcome, ms) => events.push(`${endpoint} ${outcome} ${ms}`),
    retried: () => events.push('retried'),
    hedged: () => events.push('hedged'),
    shed: () => events.push('shed'),
    circuitChanged: (endpoint, circuit) => events.push(`circuit ${endpoint} ${circuit}`),
    fetchChanged: ({ what, state }) => events.push(`${what} ${state}`),
    troubled: (what) => events.push(`trouble ${what}`),
    endpointChecked: (endpoint, verdict) => events.push(`check ${endpoint} ${verdict}`),
  }
}
