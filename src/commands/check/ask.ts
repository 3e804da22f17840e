/**
 * `mapgate check --ask`: asks each endpoint of each table its canary, and shows what the caching
 * fields of the reply would do.
 *
 *   aliases  directory 0:dir1.example.com  found, HTTP 200, 12 ms
 *            Cache-Control: max-age=0, private is not followed (honorCacheControl: false); used for 1m
 *
 * Nothing that the service says is printed but its caching fields: a reply may hold anything.
 */

import type { LoadedConfig } from '../../config/load.ts'
import type { HttpUpstreamConfig, TableConfig } from '../../config/model.ts'
import { systemClock } from '../../core/clock.ts'
import type { BatchEndpoint, Endpoint, Reply } from '../../core/upstream.ts'
import { httpSettings } from '../../gateway/upstreams.ts'
import { HttpUpstreamPools } from '../../upstreams/http/pools.ts'
import type { CommandIo } from '../io.ts'
import { cachingSentence } from './caching-sentence.ts'

/** @returns False when an endpoint did not find its canary. */
export async function askCanaries(config: LoadedConfig, io: CommandIo): Promise<boolean> {
  let allFound = true
  for (const upstream of config.upstreams.values()) {
    if (upstream.kind === 'static') continue
    const tables = Array.from(config.tables.values()).filter(({ upstreams }) =>
      upstreams.includes(upstream.name),
    )
    const found = await askUpstream(upstream, tables, io)
    allFound &&= found
  }
  return allFound
}

async function askUpstream(
  upstream: HttpUpstreamConfig,
  tables: readonly TableConfig[],
  io: CommandIo,
): Promise<boolean> {
  const pools = new HttpUpstreamPools(await httpSettings(upstream), { clock: systemClock })
  let allFound = true
  try {
    for (const table of tables) {
      const { batch, canary, name, request, response } = table
      if (canary === undefined) {
        io.stdout.write(`${name}  ${upstream.name}  not asked: it has no canary\n`)
        continue
      }
      if (request === undefined) throw new TypeError(`unchecked configuration: table ${name} has no request`)
      for (const index of upstream.endpoints.keys()) {
        const settings = { name, request, response, sideEffects: true, batch }
        const many = pools.batchEndpoint(settings, index)
        const endpoint = many === undefined ? pools.endpoint(settings, index) : oneByBatch(many)
        const found = await askEndpoint(endpoint, { upstream, table, key: canary.key }, io)
        allFound &&= found
      }
    }
  } finally {
    await pools.destroy()
  }
  return allFound
}

/** Asks one key by the batch route, as the gateway does where there is one. */
function oneByBatch(many: BatchEndpoint): Endpoint {
  return {
    name: many.name,
    send: async (key, options) => {
      const { replies, overall } = await many.sendMany([key], options)
      return replies.get(key) ?? overall
    },
  }
}

async function askEndpoint(
  endpoint: Endpoint,
  { upstream, table, key }: { upstream: HttpUpstreamConfig; table: TableConfig; key: string },
  io: CommandIo,
): Promise<boolean> {
  const startMs = systemClock.monotonicMs()
  const reply = await endpoint.send(table.foldCase ? key.toLowerCase() : key, {
    timeoutMs: upstream.timeoutMs,
  })
  const tookMs = Math.round(systemClock.monotonicMs() - startMs)
  const head = `${table.name}  ${upstream.name} ${endpoint.name}`
  const status = reply.status === undefined ? '' : `, HTTP ${reply.status}`
  io.stdout.write(`${head}  ${outcomeOf(reply)}${status}, ${tookMs} ms\n`)
  const isFound = reply.result.kind === 'found'
  if (isFound) io.stdout.write(`    ${cachingSentence(table.cache, reply, systemClock.wallMs())}\n`)
  return isFound
}

function outcomeOf({ result }: Reply): string {
  switch (result.kind) {
    case 'found':
      return 'found'
    case 'notfound':
      return 'NOT FOUND: the endpoint does not know its canary; check the path and the deployment'
    case 'notmodified':
      return 'not modified, though nothing was asked conditionally'
    default:
      return `${result.kind}: ${result.reason}`
  }
}
