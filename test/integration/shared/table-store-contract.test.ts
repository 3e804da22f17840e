/**
 * A store that several gateways share keeps the contract of the port, in a real Redis.
 */
import { beforeAll, describe, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import { SharedStore } from '../../../src/tier/shared-store.ts'
import { SharedTable } from '../../../src/upstreams/store/shared-table.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { tableStoreContract } from '../../support/contracts/table-store.ts'
import { missingRedis, type Redis, startRedis } from '../../support/programs/redis.ts'
import { suiteCleanup } from '../../support/programs/suite-cleanup.ts'
import { until } from './shared-gateways.ts'

const BOUNDS = { maxEntries: 1000, maxBytes: 1_000_000, ttlMs: 60_000 }

describe.skipIf(missingRedis() !== undefined)('with a real Redis', () => {
  const cleanup = suiteCleanup()
  let redis: Redis
  let opened = 0

  beforeAll(async () => {
    redis = await startRedis(cleanup)
  })

  tableStoreContract('shared', async () => {
    const url = { kind: 'inet', host: '127.0.0.1', port: redis.port, database: 0, tls: false } as const
    const store = new SharedStore({
      settings: { url, prefix: `mapgate${opened++}:`, timeoutMs: 1000 },
      tls: undefined,
      hashKey: undefined,
      clock: systemClock,
      observer: silentObserver.tier,
      onPurge: () => {},
      fingerprintOf: () => undefined,
    })
    onTestFinished(() => store.close())
    store.start()
    await until(() => store.status().state === 'up')
    const entries = store.entriesOf('learned')
    entries.bounds = BOUNDS
    // In the place of the server's clock, which nobody can move.
    const clock = new ManualClock()
    vi.spyOn(entries, 'nowMs').mockImplementation(() => clock.wallMs())
    const tableOf = (name: string) => new SharedTable('learned', name, entries, clock, () => {})
    return {
      table: tableOf('verify'),
      other: tableOf('verify2'),
      nowMs: () => clock.wallMs(),
      advance: (ms) => clock.advance(ms),
      bound: (bounds) => {
        entries.bounds = { ...BOUNDS, ...bounds }
      },
      close: () => store.close(),
    }
  })
})
