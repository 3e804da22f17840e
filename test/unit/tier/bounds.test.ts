/**
 * What a fault of the shared store costs, to the millisecond, by a clock that the test moves: how much longer a lookup takes, and
 * how soon the store is used again. test/integration/shared/faults.test.ts has the same faults with a real one.
 */
import { expect, test } from 'vitest'
import { CachedUpstream } from '../../../src/core/cache/cached-upstream.ts'
import { LossGuard } from '../../../src/core/cache/loss-guard.ts'
import { MemoryAnswerStore } from '../../../src/core/cache/memory-answer-store.ts'
import { Explanation } from '../../../src/core/observed/explain.ts'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import { NOT_FOUND } from '../../../src/core/result.ts'
import { LookupContext } from '../../../src/core/source/lookup-context.ts'
import { UNWATCHED } from '../../../src/core/upstream.ts'
import type { ConnectionOptions, Reply } from '../../../src/tier/connection.ts'
import { SharedStore } from '../../../src/tier/shared-store.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'

/** How long the service takes, ms. */
const SERVICE_MS = 7

type Fault =
  | 'mute'
  | 'slow'
  | 'failing'
  | 'talking nonsense'
  | 'cut off'
  | 'refusing connections'
  | 'hanging connections'

function start() {
  const clock = new ManualClock()
  const world = { fault: undefined as Fault | undefined, end: (_error: Error): void => {} }
  const later = <T>(ms: number, value: T) =>
    new Promise<T>((resolve) => void clock.after(ms, () => resolve(value)))
  const well = (words: readonly (string | Buffer)[]): Reply => {
    if (words[0] === 'TIME') return [String(Math.floor(clock.wallMs() / 1000)), '0']
    return words[0] === 'GET' ? null : []
  }
  const send = async (...words: readonly (string | Buffer)[]): Promise<Reply> => {
    const { fault } = world
    // What was sent while it was mute is lost.
    if (fault === 'mute' || fault === 'hanging connections') return new Promise(() => {})
    if (fault === 'slow') return later(1000, well(words))
    if (fault === 'failing') throw new Error('LOADING')
    return fault === 'talking nonsense' ? 'HTTP/1.1 400 Bad Request' : well(words)
  }
  const shared = new SharedStore({
    settings: { prefix: 'p:', timeoutMs: 50 },
    tls: undefined,
    hashKey: undefined,
    clock,
    observer: silentObserver.tier,
    onPurge: () => {},
    fingerprintOf: () => undefined,
    open: async ({ onEnd, timeoutMs }: ConnectionOptions) => {
      const { fault } = world
      if (fault === 'cut off' || fault === 'refusing connections') throw new Error('ECONNREFUSED')
      if (fault === 'hanging connections') {
        await later(timeoutMs, undefined)
        throw new Error(`no reply within ${timeoutMs} ms`)
      }
      world.end = onEnd
      return { send, close: () => {} }
    },
  })
  const upstream = {
    name: 'directory',
    health: UNWATCHED,
    needsNoRequest: () => false,
    trustsNegative: () => true,
    ask: () => later(SERVICE_MS, { result: NOT_FOUND, storable: true, source: 'upstream' } as const),
  }
  const policy = { ttlMs: 60_000, negativeTtlMs: 10_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }
  const cached = new CachedUpstream({
    table: 't',
    upstream,
    clock,
    random: () => 0,
    deadlineMs: 10_000,
    sideEffects: false,
    cache: {
      store: new MemoryAnswerStore({ clock, maxEntries: 9999, maxNegativeEntries: 9999, maxBytes: 1e7 }),
      policy: {
        ...policy,
        staleAfterMs: 1000,
        jitter: 0,
        honorCacheControl: true,
        minTtlMs: 0,
        maxTtlMs: 1e6,
      },
      hasCanary: false,
      lossGuard: new LossGuard(clock, () => {}),
      tier: shared.forTable('t', 'fingerprint', ''),
      upstreamIndex: 0,
    },
    observer: silentObserver.table('t'),
    onDefect: (error) => expect.unreachable(String(error)),
  })
  shared.start()
  let asked = 0
  /** How long a lookup of so many search keys takes, ms, of which each is "not found". */
  const lookup = async (keys: number): Promise<number> => {
    const startMs = clock.monotonicMs()
    const context = new LookupContext('a', startMs, 10_000, false, new Explanation())
    let endMs: number | undefined
    const all = async () => {
      for (let key = 0; key < keys; key++)
        expect((await cached.ask(`key${asked++}`, context)).result).toEqual(NOT_FOUND)
      endMs = clock.monotonicMs()
    }
    void all()
    await settle()
    while (endMs === undefined) await clock.advanceAsync(1)
    return endMs - startMs
  }
  const begin = (fault: Fault) => {
    world.fault = fault
    if (fault === 'cut off' || fault.includes('connections')) world.end(new Error('it was closed'))
  }
  const isUp = () => shared.status().state === 'up'
  const up = async () => {
    while (!isUp()) await clock.advanceAsync(1)
  }
  const end = () => {
    world.fault = undefined
  }
  return { clock, lookup, begin, end, up }
}

/** Each with what it costs the first lookup, and how long the store is not used after it at most, ms. */
const FAULTS: readonly [fault: Fault, costsMs: number, unusedMs: number][] = [
  ['mute', 50, 1500],
  ['slow', 50, 1500],
  ['failing', 0, 500],
  ['talking nonsense', 0, 500],
  ['cut off', 0, 500],
  ['refusing connections', 0, 500],
  ['hanging connections', 0, 1500],
]

test.for(FAULTS)(
  '%s: the first lookup takes %i ms longer than without it, for all of its keys, and the others none',
  async ([fault, costsMs]) => {
    for (const keys of [1, 5]) {
      const { lookup, begin, up } = start()
      await up()
      expect(await lookup(keys)).toBe(7 * keys)
      begin(fault)
      expect(await lookup(keys)).toBe(7 * keys + costsMs)
      for (let times = 0; times < 100; times++) expect(await lookup(keys)).toBe(7 * keys)
    }
  },
)

test.for(FAULTS)(
  '%s: it is used again within two seconds of being well, whenever that is',
  async ([fault, , unusedMs]) => {
    let longestMs = 0
    for (let forMs = 1; forMs < 3000; forMs += 97) {
      const { clock, lookup, begin, end, up } = start()
      await up()
      begin(fault)
      await lookup(1)
      await clock.advanceAsync(forMs)
      end()
      const wellMs = clock.monotonicMs()
      await up()
      longestMs = Math.max(longestMs, clock.monotonicMs() - wellMs)
    }
    expect(longestMs).toBeLessThanOrEqual(unusedMs)
    // Some of these moments are as bad as can be.
    expect(longestMs).toBeGreaterThan(unusedMs - 100)
  },
)
