/**
 * A cache file in a folder of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { MemoryAnswerStore } from '../../../src/core/cache/memory-answer-store.ts'
import { CacheFile } from '../../../src/persistence/cache-file.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

export const MINUTE = 60_000

export const HOUR = 60 * MINUTE

export const freshness = { freshnessLifetimeMs: MINUTE, staleWhileRevalidateMs: 0, staleIfErrorMs: HOUR }

/** A directory of its own, and what a process has that starts in it. */
export function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'mapgate-cache-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'cache')
  const start = (clock = new ManualClock(), fingerprint = 'f1', name = 'aliases') => {
    const warnings: string[] = []
    const store = new MemoryAnswerStore({
      clock,
      maxEntries: 10_000,
      maxNegativeEntries: 10_000,
      maxBytes: 1e8,
    })
    /** When the file was saved, as it was told. */
    const saves: number[] = []
    const file = new CacheFile({
      path,
      clock,
      onWarning: (message) => warnings.push(message),
      onSaved: (wallMs) => saves.push(wallMs),
    })
    const tables = [{ name, fingerprint, store }]
    const age = (key: string) => {
      const answer = store.get(key)
      return answer && store.ageMs(answer)
    }
    return { clock, store, file, warnings, saves, tables, age }
  }
  return { directory, path, start }
}

/** A file with three answers, written by a first process. */
export async function written() {
  const place = setUp()
  const first = place.start()
  first.store.set('bob@a.example', { value: 'jürgen@b.example', freshness, ageMs: 5000, endpoint: 1 })
  first.store.set('eve@a.example', {
    value: 'x',
    freshness,
    ageMs: 0,
    validators: { etag: '"1"', lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' },
  })
  first.store.set('nobody@a.example', { value: undefined, freshness, ageMs: 0 })
  expect(await first.file.save(first.tables)).toBe(3)
  return { ...place, first }
}
