/**
 * The cached path without the kernel: nanoseconds of JavaScript from the bytes of a request to the text
 * of its reply, in one process, with a socket that does nothing. Not disturbed by other processes, so
 * a change of a few nanoseconds can be seen.
 *
 *   node bench/hit.mjs [BUILD] [socketmap|tcp_table]
 *
 * With `node --max-semi-space-size=512 --min-semi-space-size=512` nothing is collected meanwhile, and the bytes of
 * heap taken for each reply are exact.
 *
 * The least of many batches is what the code costs; the median holds the garbage collection too.
 */
import { EventEmitter } from 'node:events'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { median } from './statistics.mjs'

const [dist = 'build', protocolName = 'socketmap'] = process.argv.slice(2)
const load = (file) => import(pathToFileURL(resolve(dist, file)))
const { Session } = await load('server/session.js')
const { Resolver } = await load('core/resolver.js')
const { Table } = await load('core/table.js')
const { searchKeys } = await load('core/search/search-keys.js')
const { CachedUpstream } = await load('core/cache/cached-upstream.js')
// Builds from before the store was a port can still be compared.
const { MemoryAnswerStore } = await load('core/cache/memory-answer-store.js').catch(async () => ({
  MemoryAnswerStore: (await load('core/cache/answer-store.js')).AnswerStore,
}))
const { systemClock } = await load('core/clock.js')
const { Counters } = await load('observability/counters.js')
const { GatewayObserver } = await load('observability/gateway-observer.js')
const { LookupLog } = await load('observability/lookup-log.js')
const { ListenerContext } = await load('server/context.js')
const { readOnlyStore } = await load('core/store/store.js')
const { silentListenerObserver } = await load('core/observed/observer.js')
const { socketmap } = await load('protocols/socketmap/protocol.js')
const { tcpTable } = await load('protocols/tcp-table/protocol.js')

const KEYS = 1000
const BATCHES = 200
const freshness = { freshnessLifetimeMs: 1e8, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }

const store = new MemoryAnswerStore({
  clock: systemClock,
  maxEntries: 1e6,
  maxNegativeEntries: 1e6,
  maxBytes: 1e9,
})
const logging = { debugs: false, isOn: () => false }
const reports = new LookupLog({ clock: systemClock, logging, events: { watched: false }, eventLog: {} })
const observer = new GatewayObserver(new Counters(['socketmap', 'tcp_table', 'admin']), {}, reports)
const source = new CachedUpstream({
  table: 'aliases',
  upstream: {
    name: 'directory',
    ask: () => ({ result: { kind: 'notfound' }, source: 'upstream', storable: false }),
    trustsNegative: () => true,
  },
  clock: systemClock,
  random: Math.random,
  deadlineMs: 5000,
  sideEffects: false,
  cache: { store, policy: {}, hasCanary: false, upstreamIndex: 0 },
  observer: observer.table('aliases'),
  onDefect: () => {},
})
const search = (key) => searchKeys('exact', key, {})
const resolver = new Resolver(systemClock, observer)
resolver.serve([
  new Table({
    name: 'aliases',
    sources: [source],
    search,
    foldCase: true,
    deadlineMs: 5000,
    searchParallel: false,
  }),
])

const protocol = protocolName === 'socketmap' ? socketmap : tcpTable
const chunks = Array.from({ length: KEYS }, (_, number) => {
  const key = `user${String(number).padStart(7, '0')}@bench.example`
  store.set(key, {
    value: `user${String(number).padStart(7, '0')}@mailbox.storage.example`,
    freshness,
    ageMs: 0,
  })
  return Buffer.from(protocolName === 'socketmap' ? `33:aliases ${key},` : `get ${key}\n`)
})

class SilentSocket extends EventEmitter {
  writableLength = 0
  written = 0
  write(text) {
    this.written += text.length
    return true
  }
  resume() {}
  pause() {}
}
const socket = new SilentSocket()
const parts = {
  lookup: resolver,
  store: readOnlyStore,
  clock: systemClock,
  random: Math.random,
  observer: silentListenerObserver,
}
const context = new ListenerContext(
  { protocol, own: protocol.name === 'tcp_table' ? { table: 'aliases' } : {} },
  parts,
)
let activity = 0
new Session(socket, '127.0.0.1', context, () => ++activity)

const times = []
for (let batch = 0; batch < BATCHES; batch++) {
  const from = process.hrtime.bigint()
  for (let round = 0; round < 10; round++) for (const chunk of chunks) socket.emit('data', chunk)
  times.push(Number(process.hrtime.bigint() - from) / (10 * KEYS))
}
const heapBefore = process.memoryUsage().heapUsed
for (const chunk of chunks) socket.emit('data', chunk)
const bytes = (process.memoryUsage().heapUsed - heapBefore) / KEYS
if (socket.written === 0) throw new Error('nothing was replied')
console.log(
  `least ${Math.min(...times).toFixed(0)} ns, median ${median(times).toFixed(0)} ns, ${bytes > 0 ? bytes.toFixed(0) : 'unknown'} B of heap per reply`,
)
