/**
 * Writes a cache file of many found answers for the table `aliases`, as a gateway does when it stops.
 *
 *   node make-cache-file.mjs DIST CONFIG COUNT
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [dist, file, count] = process.argv.slice(2)
const load = (name) => import(pathToFileURL(resolve(dist, name)))
const { loadConfig } = await load('gateway/load-config.js')
const { MemoryAnswerStore } = await load('core/cache/memory-answer-store.js')
const { systemClock } = await load('core/clock.js')
const { writeCacheFile } = await load('persistence/cache-file-writer.js')

const config = await loadConfig(file)
const table = [...config.tables.values()].find(({ name }) => name === 'aliases')
const store = new MemoryAnswerStore({
  clock: systemClock,
  maxEntries: 1e8,
  maxNegativeEntries: 1,
  maxBytes: 2 ** 33,
})
const freshness = {
  freshnessLifetimeMs: 12 * 3_600_000,
  staleWhileRevalidateMs: 300_000,
  staleIfErrorMs: 86_400_000,
}
for (let number = 0; number < Number(count); number++) {
  const user = `user${String(number).padStart(7, '0')}`
  store.set(`${user}@bench.example`, { value: `${user}@mailbox.storage.example`, freshness, ageMs: 0 })
}
await writeCacheFile(
  config.cacheFile,
  [{ name: 'aliases', fingerprint: table.fingerprint, store }],
  systemClock,
)
process.send('written', () => process.exit())
