/**
 * The way of a miss without the kernel and without undici: microseconds of JavaScript from the question
 * through cache, limiter, breaker, template and response mapping, with a service that answers at once.
 *
 *   node bench/miss.mjs [BUILD]
 */
import { openSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Pool } from 'undici'
import { usual } from './configurations.mjs'
import { median } from './statistics.mjs'

const [dist = 'build'] = process.argv.slice(2)
const load = (file) => import(pathToFileURL(resolve(dist, file)))
const { Gateway } = await load('gateway.js')
const { loadConfig } = await load('gateway/load-config.js')

const BATCHES = 600
const PER_BATCH = 192
const CONCURRENT = 32
const HEADERS = {
  server: 'nginx',
  date: 'Fri, 20 Nov 2026 12:00:00 GMT',
  'content-type': 'application/json',
  'content-length': '60',
  connection: 'keep-alive',
}
const BODY = Buffer.from('{"active":true,"goto":"user0000001@mailbox.storage.example"}')

Pool.prototype.dispatch = (options, handler) => {
  if (options.use !== undefined) options.use.reused = true
  const controller = { abort() {} }
  queueMicrotask(() => {
    handler.onRequestStart(controller, undefined)
    handler.onResponseStart(controller, 200, { ...HEADERS }, 'OK')
    handler.onResponseData(controller, BODY)
    handler.onResponseEnd(controller, {})
  })
  return true
}

const file = `/tmp/mapgate-bench-${process.pid}.yaml`
writeFileSync(file, usual('http://127.0.0.1:9'))
const gateway = await Gateway.start({
  load: () => loadConfig(file),
  version: 'bench',
  logFd: openSync('/dev/null', 'w'),
})
rmSync(file)
let next = 0
const ask = async () => {
  const key = Buffer.from(`user${String(next++).padStart(7, '0')}@bench.example`)
  const result = await gateway.lookup({ protocol: 'socketmap', table: 'aliases', key })
  if (result.kind !== 'found') throw new Error(result.reason)
}
const times = []
for (let batch = 0; batch < BATCHES; batch++) {
  const from = process.hrtime.bigint()
  for (let at = 0; at < PER_BATCH; at += CONCURRENT)
    await Promise.all(Array.from({ length: CONCURRENT }, ask))
  times.push(Number(process.hrtime.bigint() - from) / 1000 / PER_BATCH)
}
const heapBefore = process.memoryUsage().heapUsed
for (let at = 0; at < PER_BATCH; at += CONCURRENT) await Promise.all(Array.from({ length: CONCURRENT }, ask))
const bytes = (process.memoryUsage().heapUsed - heapBefore) / PER_BATCH
console.log(
  `least ${Math.min(...times).toFixed(1)} us, median ${median(times).toFixed(1)} us, ${bytes > 0 ? bytes.toFixed(0) : 'unknown'} B of heap per lookup`,
)
process.exit()
