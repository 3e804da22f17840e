/**
 * `mapgate check --ask`: asks each endpoint of each table its canary, and shows what the caching
 * fields of the reply would do.
 *
 *   aliases  directory 0:dir1.example.com  found, HTTP 200, 12 ms
 *            Cache-Control: max-age=0, private is not followed (honorCacheControl: false); used for 1m
 *
 * What an upstream fetches for itself comes before, such as an access token, or the keys of an issuer of tokens:
 *
 *   directory  access token of id.example.com:443  for 59 min
 *   identity  keys of id.example.com:443  2 to check tokens by
 *
 * Of what the service says the value, entries of its list and the caching fields are printed, secrets as `***`.
 */

import type { TableConfig } from '../../config/config.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { systemClock } from '../../core/clock.ts'
import { silentObserver } from '../../core/observed/observer.ts'
import type { Reply } from '../../core/upstream.ts'
import { planUpstreams } from '../../gateway/upstreams.ts'
import { Redactor } from '../../observability/redaction.ts'
import { fetchText } from '../../presentation/fetches.ts'
import type { Probe, SharedUpstream } from '../../upstreams/kind.ts'
import { UPSTREAM_KINDS, type UpstreamKinds } from '../../upstreams/registry.ts'
import type { CommandIo } from '../io.ts'
import { cachingSentence } from './caching-sentence.ts'
import { triedList } from './list-trial.ts'

/** @returns False when an endpoint did not find its canary, a list would not be taken over, or something is missing that an upstream fetches for itself. */
export async function askCanaries(
  config: LoadedConfig,
  io: CommandIo,
  kinds: UpstreamKinds = UPSTREAM_KINDS,
): Promise<boolean> {
  const redactor = new Redactor(config.secrets)
  const hide = (text: string): string => redactor.text(text)
  const out: Out = { hide, write: (text) => io.stdout.write(hide(text)) }
  const upstreams = await planUpstreams(config.upstreams.values(), kinds, new Map(), {
    clock: systemClock,
    random: Math.random,
    observer: silentObserver,
    traced: { endpoint: (_upstream, inner) => inner, batchEndpoint: (_upstream, inner) => inner },
    overloaded: () => false,
    onCredentialsRefused: () => {},
    onSecret: (owner, secret) => redactor.addSecret(owner, secret),
    readFile: config.readFile,
  })
  let allFound = true
  try {
    for (const [name, upstream] of upstreams) {
      const hasFetched = await tryFetches(upstream, out)
      allFound &&= hasFetched
      for (const table of config.tables.values()) {
        if (!table.upstreams.includes(name)) continue
        const found = await askUpstream(upstream, table, out)
        const isListed = await tryList(upstream, table, out)
        allFound &&= found && isListed
      }
    }
  } finally {
    for (const upstream of upstreams.values()) await upstream.destroy()
  }
  return allFound
}

/** Where the lines go: what is a secret is hidden before a text is shortened, which could leave half of it, and in every line. */
interface Out {
  readonly hide: (text: string) => string
  readonly write: (text: string) => void
}

/** @returns False when something that the upstream needs for itself cannot be fetched. */
async function tryFetches(upstream: SharedUpstream, out: Out): Promise<boolean> {
  const fetches = (await upstream.tryFetches?.()) ?? []
  const nowMs = systemClock.wallMs()
  for (const fetch of fetches) {
    const { title, endpoint } = fetch
    out.write(`${upstream.settings.name}  ${title} of ${endpoint}  ${fetchText(fetch, nowMs)}\n`)
  }
  return fetches.every(({ state }) => state === 'valid')
}

/** @returns False when the list of the table would not be taken over, or says other things than single replies. */
async function tryList(upstream: SharedUpstream, table: TableConfig, out: Out): Promise<boolean> {
  const trial = await upstream.tryList?.(table)
  if (trial === undefined) return true
  const [probe] = upstream.probes(table)
  const { lines, isGood } = await triedList(trial, probe, out.hide)
  const [first, ...others] = lines
  out.write(`${table.name}  ${upstream.settings.name}  ${first}\n`)
  for (const line of others) out.write(`    ${line}\n`)
  return isGood
}

async function askUpstream(upstream: SharedUpstream, table: TableConfig, out: Out): Promise<boolean> {
  const probes = upstream.probes(table)
  const { canary } = table
  if (canary === undefined) {
    if (probes.length > 0)
      out.write(`${table.name}  ${upstream.settings.name}  not asked: it has no canary\n`)
    return true
  }
  let allFound = true
  for (const probe of probes) {
    const found = await askProbe(probe, { upstream, table, key: canary.key }, out)
    allFound &&= found
  }
  return allFound
}

async function askProbe(
  probe: Probe,
  { upstream, table, key }: { upstream: SharedUpstream; table: TableConfig; key: string },
  out: Out,
): Promise<boolean> {
  const startMs = systemClock.monotonicMs()
  const reply = await probe.ask(table.foldCase ? key.toLowerCase() : key)
  const tookMs = Math.round(systemClock.monotonicMs() - startMs)
  const head = `${table.name}  ${upstream.settings.name} ${probe.name}`
  const status = reply.status === undefined ? '' : `, HTTP ${reply.status}`
  out.write(`${head}  ${outcomeOf(reply, out)}${status}, ${tookMs} ms\n`)
  const isFound = reply.result.kind === 'found'
  if (isFound && upstream.kind.cached)
    out.write(`    ${cachingSentence(table.cache, reply, systemClock.wallMs())}\n`)
  return isFound
}

/** Longest value that is shown, in characters. Ours: one line of a terminal. */
const MAX_SHOWN_LENGTH = 200

function shortened(value: string): string {
  return value.length <= MAX_SHOWN_LENGTH ? value : `${value.slice(0, MAX_SHOWN_LENGTH)}...`
}

function outcomeOf({ result }: Reply, { hide }: Out): string {
  switch (result.kind) {
    case 'found':
      return `found ${JSON.stringify(shortened(hide(result.value)))}`
    case 'notfound':
      return 'NOT FOUND: the endpoint does not know its canary; check the path and the deployment'
    case 'notmodified':
      return 'not modified, though nothing was asked conditionally'
    default:
      return `${result.kind}: ${result.reason}`
  }
}
