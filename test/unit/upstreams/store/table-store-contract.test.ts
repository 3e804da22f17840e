/**
 * A store on a real disk keeps the contract of the port. The shared one: test/integration/shared/table-store-contract.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { StoreFile } from '../../../../src/upstreams/store/store-file.ts'
import { StoredTable } from '../../../../src/upstreams/store/stored-table.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { tableStoreContract } from '../../../support/contracts/table-store.ts'

const BOUNDS = { maxEntries: 1000, maxBytes: 1_000_000, ttlMs: 60_000 }

tableStoreContract('on disk', async () => {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-store-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  const file = await StoreFile.open(path, BOUNDS)
  onTestFinished(() => file.close())
  const clock = new ManualClock()
  const tableOf = (name: string) => new StoredTable('learned', name, file, clock, () => {})
  return {
    table: tableOf('verify'),
    other: tableOf('verify2'),
    nowMs: () => clock.wallMs(),
    advance: (ms) => clock.advance(ms),
    bound: (bounds) => {
      file.bounds = { ...BOUNDS, ...bounds }
    },
    close: () => file.close(),
  }
})
