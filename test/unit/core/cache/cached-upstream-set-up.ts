/**
 * A cached upstream over one that a test answers by hand.
 */
import { CachedUpstream, type CachePolicy } from '../../../../src/core/cache/cached-upstream.ts'
import type { LossGuard } from '../../../../src/core/cache/loss-guard.ts'
import { MemoryAnswerStore } from '../../../../src/core/cache/memory-answer-store.ts'
import type { Explanation } from '../../../../src/core/observed/explain.ts'
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import { found, notFound, type Sourced, temporary } from '../../../../src/core/result.ts'
import { type Answer, type Question, UNWATCHED, type Upstream } from '../../../../src/core/upstream.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { lookupFrom } from '../../../support/core/sources.ts'

export const HOUR = 3_600_000

export const policy: CachePolicy = {
  ttlMs: 60_000,
  negativeTtlMs: 10_000,
  staleWhileRevalidateMs: 30_000,
  staleIfErrorMs: HOUR,
  staleAfterMs: 1000,
  jitter: 0,
  honorCacheControl: false,
  minTtlMs: 0,
  maxTtlMs: HOUR,
}

export const OUTAGE = temporary('connect', 'connection refused')

export const SHED: Answer = { result: temporary('overload', 'too many'), storable: false, source: 'shed' }

export const yes = (value: string, more: Partial<Answer> = {}): Answer => ({
  result: found(value),
  storable: true,
  source: 'upstream',
  ...more,
})

export const no: Answer = { result: notFound(), storable: true, source: 'upstream', endpoint: 0 }

export const down: Answer = { result: OUTAGE, storable: false, source: 'upstream' }

export interface SetUp {
  readonly policy?: Partial<CachePolicy>
  readonly cache?: 'off'
  readonly sideEffects?: boolean
  readonly upstreamIndex?: number
  readonly store?: MemoryAnswerStore
  readonly clock?: ManualClock
  readonly believes?: () => boolean
  readonly lossGuard?: LossGuard
}

/** A cached upstream over one that a test answers by hand. */
export function setUp(options: SetUp = {}) {
  const clock = options.clock ?? new ManualClock()
  const store =
    options.store ??
    new MemoryAnswerStore({ clock, maxEntries: 1000, maxNegativeEntries: 1000, maxBytes: 10_000_000 })
  const asked: Question[] = []
  const looked: string[] = []
  const defects: unknown[] = []
  const service = {
    answer: yes('v1') as Answer | Promise<Answer> | (() => Answer | Promise<Answer>),
  }
  const health = { ...UNWATCHED }
  const upstream: Upstream = {
    name: 'directory',
    health,
    needsNoRequest: () => false,
    trustsNegative: options.believes ?? (() => true),
    ask(question) {
      asked.push(question)
      return typeof service.answer === 'function' ? service.answer() : service.answer
    },
  }
  const cached = new CachedUpstream({
    table: 'aliases',
    upstream,
    clock,
    random: () => 0,
    deadlineMs: 5000,
    sideEffects: options.sideEffects ?? false,
    cache:
      options.cache === 'off'
        ? undefined
        : {
            store,
            policy: { ...policy, ...options.policy },
            hasCanary: false,
            lossGuard: options.lossGuard,
            upstreamIndex: options.upstreamIndex ?? 0,
          },
    observer: { ...silentObserver.table('aliases'), cacheLooked: (outcome) => looked.push(outcome) },
    onDefect: (error) => defects.push(error),
  })
  const ask = (key = 'bob@a.example', more: { bypass?: boolean; explanation?: Explanation } = {}) =>
    cached.ask(key, lookupFrom(clock, more))
  return { clock, store, service, upstream, health, asked, looked, defects, cached, ask }
}

/** A promise that a test settles. */
export function later(): {
  promise: Promise<Answer>
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
} {
  let resolve: (answer: Answer) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<Answer>((one, two) => {
    resolve = one
    reject = two
  })
  return { promise, resolve, reject }
}

export const source = (sourced: Sourced | Promise<Sourced>) =>
  sourced instanceof Promise ? 'promise' : `${sourced.source} ${sourced.result.kind}`
