/**
 * A table in front of a service that hangs or is slow, on a manual clock.
 */
import { expect } from 'vitest'
import { CachedUpstream } from '../../../../src/core/cache/cached-upstream.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import type { OutagePolicy } from '../../../../src/core/outage/outage-rules.ts'
import { Table } from '../../../../src/core/table.ts'
import { setUp } from '../../../support/core/resilient.ts'
import { says, saysNotFound } from '../../../support/core/scripted-endpoint.ts'
import { lookupFrom } from '../../../support/core/sources.ts'

const HOUR = 3_600_000

const POLICY = {
  ttlMs: 60_000,
  negativeTtlMs: 10_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: HOUR,
  staleAfterMs: 1000,
  jitter: 0,
  honorCacheControl: false,
  minTtlMs: 0,
  maxTtlMs: HOUR,
  negativeKeptMs: HOUR,
}

export interface Service {
  /** Undefined: it hangs. */
  takesMs: (key: string) => number | undefined
  readonly values: Map<string, string>
  /** Requests that it works on at a time; all others wait their turn. Undefined: as many as there are. */
  workers?: number
}

const STALE_NOT_FOUND = { staleNotFound: { forMs: HOUR } }

/** A table with `ann` "not found" and `team` found, both over by now, of a service that usually takes so long. */
export async function running(
  usualMs = 20,
  outage: Partial<OutagePolicy> = STALE_NOT_FOUND,
  timeoutMs = 4000,
) {
  const service: Service = { takesMs: () => usualMs, values: new Map([['team', 'ann']]) }
  /** When each worker is free again. */
  let busyUntilMs: number[] = []
  /** Gives a request to a worker. @returns How long it waits for one. */
  const startsAfterMs = ({ workers }: Service, takesMs: number): number => {
    if (workers === undefined) return 0
    const nowMs = clock.monotonicMs()
    busyUntilMs = busyUntilMs.filter((untilMs) => untilMs > nowMs).sort((a, b) => a - b)
    const fromMs = busyUntilMs.length < workers ? nowMs : (busyUntilMs[busyUntilMs.length - workers] ?? nowMs)
    busyUntilMs.push(fromMs + takesMs)
    return fromMs - nowMs
  }
  const { clock, upstream, state, endpoints } = setUp(
    [
      (key) => {
        const value = service.values.get(key)
        const reply = value === undefined ? saysNotFound() : says(value)
        const takesMs = service.takesMs(key) ?? Number.POSITIVE_INFINITY
        return { reply, afterMs: startsAfterMs(service, takesMs) + takesMs }
      },
    ],
    { settings: { attempts: 1, timeoutMs, circuitBreaker: { failures: 2, openForMs: 1000 } } },
  )
  const store = new MemoryAnswerStore({ clock, maxEntries: 100, maxNegativeEntries: 100, maxBytes: 1e6 })
  const source = new CachedUpstream({
    table: 'aliases',
    upstream,
    clock,
    random: () => 0,
    deadlineMs: 9000,
    sideEffects: false,
    cache: { store, policy: POLICY, hasCanary: true, hasOutageRules: true, upstreamIndex: 0 },
    observer: silentObserver.table('aliases'),
    onDefect: (error) => expect.unreachable(String(error)),
  })
  const table = new Table({
    name: 'aliases',
    sources: [source],
    search: (key) => [{ key, withoutExtension: false }],
    foldCase: true,
    deadlineMs: 9000,
    searchParallel: false,
    outage: { isExistence: false, onAnswered: () => {}, ...outage },
  })
  /** What a lookup gets, and after how many ms. */
  const ask = (key: string, bypass = false) => {
    const startMs = clock.monotonicMs()
    const seen = { result: 'none', afterMs: -1 }
    void Promise.resolve(table.lookup(key, lookupFrom(clock, { bypass, withinMs: 9000 }))).then(
      ({ result, source: from }) => {
        const value = result.kind === 'found' ? result.value : result.kind
        Object.assign(seen, { result: `${value} ${from}`, afterMs: clock.monotonicMs() - startMs })
      },
    )
    return seen
  }
  for (const key of ['ann', 'team']) {
    ask(key)
    await clock.advanceAsync(usualMs + 1)
  }
  await clock.advanceAsync(120_000)
  return { clock, service, ask, state, endpoints }
}
