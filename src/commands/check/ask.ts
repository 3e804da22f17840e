/**
 * `mapgate check --ask`: asks each endpoint of each table its canary, and shows what the caching
 * fields of the reply would do.
 *
 *   aliases  directory 0:dir1.example.com  found, HTTP 200, 12 ms
 *            Cache-Control: max-age=0, private is not followed (honorCacheControl: false); used for 1m
 *
 * An upstream with "oauth" is asked for an access token before:
 *
 *   directory  access token of id.example.com:443  for 59 min
 *
 * Nothing that the service says is printed but its caching fields: a reply may hold anything.
 */

import type { TableConfig } from '../../config/config.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { systemClock } from '../../core/clock.ts'
import { silentObserver } from '../../core/observer.ts'
import type { Reply } from '../../core/upstream.ts'
import { planUpstreams } from '../../gateway/upstreams.ts'
import { duration } from '../../presentation/format.ts'
import type { Probe, SharedUpstream } from '../../upstreams/kind.ts'
import { UPSTREAM_KINDS, type UpstreamKinds } from '../../upstreams/registry.ts'
import type { CommandIo } from '../io.ts'
import { cachingSentence } from './caching-sentence.ts'
import { triedList } from './list-trial.ts'

/** @returns False when an endpoint did not find its canary, a list would not be taken over, or there is no access token. */
export async function askCanaries(
  config: LoadedConfig,
  io: CommandIo,
  kinds: UpstreamKinds = UPSTREAM_KINDS,
): Promise<boolean> {
  const upstreams = await planUpstreams(config.upstreams.values(), kinds, new Map(), {
    clock: systemClock,
    random: Math.random,
    observer: silentObserver,
    traced: { endpoint: (_upstream, inner) => inner, batchEndpoint: (_upstream, inner) => inner },
    overloaded: () => false,
    onCredentialsRefused: () => {},
    readFile: config.readFile,
  })
  let allFound = true
  try {
    for (const [name, upstream] of upstreams) {
      const hasToken = await tryToken(upstream, io)
      allFound &&= hasToken
      for (const table of config.tables.values()) {
        if (!table.upstreams.includes(name)) continue
        const found = await askUpstream(upstream, table, io)
        const isListed = await tryList(upstream, table, io)
        allFound &&= found && isListed
      }
    }
  } finally {
    for (const upstream of upstreams.values()) await upstream.destroy()
  }
  return allFound
}

/** @returns False when the token endpoint gives no token. */
async function tryToken(upstream: SharedUpstream, io: CommandIo): Promise<boolean> {
  const token = await upstream.tryToken?.()
  if (token === undefined) return true
  const { endpoint, state, expiresAtMs, lastFailure } = token
  const lasts = expiresAtMs === undefined ? '' : `  for ${duration(expiresAtMs - systemClock.wallMs())}`
  const what =
    lastFailure ?? (state === 'valid' ? '' : 'it has no life left; look at expires_in of its reply')
  io.stdout.write(`${upstream.settings.name}  access token of ${endpoint}${lasts}${what && `  ${what}`}\n`)
  return what === ''
}

/** @returns False when the list of the table would not be taken over, or says other things than single replies. */
async function tryList(upstream: SharedUpstream, table: TableConfig, io: CommandIo): Promise<boolean> {
  const trial = await upstream.tryList?.(table)
  if (trial === undefined) return true
  const [probe] = upstream.probes(table)
  const { lines, isGood } = await triedList(trial, probe)
  const [first, ...others] = lines
  io.stdout.write(`${table.name}  ${upstream.settings.name}  ${first}\n`)
  for (const line of others) io.stdout.write(`    ${line}\n`)
  return isGood
}

async function askUpstream(upstream: SharedUpstream, table: TableConfig, io: CommandIo): Promise<boolean> {
  const probes = upstream.probes(table)
  const { canary } = table
  if (canary === undefined) {
    if (probes.length > 0)
      io.stdout.write(`${table.name}  ${upstream.settings.name}  not asked: it has no canary\n`)
    return true
  }
  let allFound = true
  for (const probe of probes) {
    const found = await askProbe(probe, { upstream, table, key: canary.key }, io)
    allFound &&= found
  }
  return allFound
}

async function askProbe(
  probe: Probe,
  { upstream, table, key }: { upstream: SharedUpstream; table: TableConfig; key: string },
  io: CommandIo,
): Promise<boolean> {
  const startMs = systemClock.monotonicMs()
  const reply = await probe.ask(table.foldCase ? key.toLowerCase() : key)
  const tookMs = Math.round(systemClock.monotonicMs() - startMs)
  const head = `${table.name}  ${upstream.settings.name} ${probe.name}`
  const status = reply.status === undefined ? '' : `, HTTP ${reply.status}`
  io.stdout.write(`${head}  ${outcomeOf(reply)}${status}, ${tookMs} ms\n`)
  const isFound = reply.result.kind === 'found'
  if (isFound && upstream.kind.cached)
    io.stdout.write(`    ${cachingSentence(table.cache, reply, systemClock.wallMs())}\n`)
  return isFound
}

/** Longest value that is shown, in characters. Ours: one line of a terminal. */
const MAX_SHOWN_LENGTH = 200

function shortened(value: string): string {
  return value.length <= MAX_SHOWN_LENGTH ? value : `${value.slice(0, MAX_SHOWN_LENGTH)}...`
}

function outcomeOf({ result }: Reply): string {
  switch (result.kind) {
    case 'found':
      return `found ${JSON.stringify(shortened(result.value))}`
    case 'notfound':
      return 'NOT FOUND: the endpoint does not know its canary; check the path and the deployment'
    case 'notmodified':
      return 'not modified, though nothing was asked conditionally'
    default:
      return `${result.kind}: ${result.reason}`
  }
}
