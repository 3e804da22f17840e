/**
 * What runs for one configuration, and the way from one to the next.
 *
 *   open      read files, open sockets: what can fail, and changes nothing that runs
 *   switch    upstreams, admin API and listeners that stay follow the new settings; all, or none
 *   serve     the new tables answer
 *   retire    what is not needed any more ends when its last work is done
 *
 * When a step fails, those before it are taken back, the latest first, and what ran goes on as it was.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { AdminConfig } from '../config/config.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Lookup } from '../core/lookup.ts'
import type { Resolver } from '../core/resolver.ts'
import type { Store } from '../core/store/store.ts'
import { startedWith } from '../server/bind.ts'
import { descriptorLimit } from '../server/descriptors.ts'
import type { Listener } from '../server/listener.ts'
import { requireServed } from '../server/systemd.ts'
import type { GatewayPorts, RunningAdmin } from './admin.ts'
import type { AnswersAfter } from './answers-after.ts'
import { checkDescriptors } from './descriptor-budget.ts'
import { HeldRequests } from './held-requests.ts'
import { openListeners, type RunningListeners, updateListeners } from './listeners.ts'
import type { GatewayParts } from './parts.ts'
import { allAsked, type RunningTables } from './running-table.ts'
import { type PurgePorts, planShared, type RunningShared } from './shared.ts'
import { buildTables } from './tables.ts'
import { closeUpstreams, planUpstreams, type RunningUpstreams } from './upstreams.ts'

/** What a configuration has become. Nothing in it is exchanged: the next configuration makes another one. */
export interface Generation {
  readonly config: LoadedConfig
  readonly upstreams: RunningUpstreams
  readonly tables: RunningTables
  readonly shared: RunningShared | undefined
  readonly listeners: RunningListeners
  readonly admin: RunningAdmin | undefined
}

/** Before the start: nothing runs yet. */
export function emptyGeneration(config: LoadedConfig): Generation {
  return {
    config,
    upstreams: new Map(),
    tables: new Map(),
    shared: undefined,
    listeners: new Map(),
    admin: undefined,
  }
}

/** What a change of generation works with. */
export interface ChangeParts extends GatewayParts {
  readonly resolver: Resolver
  /** The resolver as clients see it: with spans, when there is tracing. */
  readonly lookup: Lookup
  /** What listeners give changes of tables to. */
  readonly store: Store
  /** The tables in use: for domains filters that are tables, which outlive a reload that does not touch them. */
  readonly tables: () => RunningTables
  readonly adminPorts: GatewayPorts
  /** For gateways that share a store with this one. */
  readonly purges: PurgePorts
  /** Called when a service refused our credentials, or TLS failed. */
  readonly onCredentialsRefused: (upstream: string) => void
  /** Called with what the program got by itself and must show nowhere. */
  readonly onSecret: (owner: string, secret: string) => void
  /** Called when nothing can fail any more, before the first lookup reaches the new tables. */
  readonly use: (generation: Generation) => void
}

/** A change that has happened. */
export interface Change {
  readonly answers: AnswersAfter
  /** Upstreams whose circuits start over, since their settings changed. */
  readonly restartedCircuits: readonly string[]
  /** What changed in files that the settings name: a sentence each. */
  readonly files: readonly string[]
  /** Ends what only the generation before needed. */
  readonly retire: () => Promise<void>
}

/**
 * Goes over to another configuration.
 *
 * @param admin `later`: at a start the admin API comes when lookups are answered, by {@link withAdmin}.
 * @throws (rejects) when a file, a socket or the access to a socket file fails, or more files would be open than may be.
 */
export async function apply(
  before: Generation,
  config: LoadedConfig,
  parts: ChangeParts,
  admin: 'now' | 'later' = 'now',
): Promise<Change> {
  checkDescriptors(config, parts.upstreamKinds, parts.protocols, descriptorLimit())
  requireServed(systemdNames(config), startedWith())
  const undo: (() => unknown)[] = []
  try {
    const shared = await planShared(config, before.shared, parts, parts.purges)
    const upstreams = await planUpstreams(config.upstreams.values(), parts.upstreamKinds, before.upstreams, {
      ...parts,
      observer: parts.observability.observer,
      readFile: config.readFile,
      cacheFile: config.cacheFile,
      entryTier: shared && ((upstream) => shared.store.entriesOf(upstream)),
    })
    undo.push(() => closeUpstreams(upstreams, before.upstreams))
    const held = new HeldRequests(parts.lookup, parts.store)
    const listeners = await openListeners(config.listeners, before.listeners, held, held, parts)
    undo.push(() => Promise.all(Array.from(listeners.opened.values(), (listener) => listener.close())))
    const adminConfig = await withTlsTexts(config)
    const running =
      admin === 'now' ? await openAdmin(before.admin, adminConfig, parts.adminPorts) : before.admin
    if (running !== before.admin) undo.push(() => running?.close())

    // No pause from here on: no lookup may see one half of each generation.
    undo.push(() => {
      for (const upstream of before.upstreams.values()) upstream.configure()
    })
    for (const upstream of upstreams.values()) upstream.configure()
    const { tables, answers } = buildTables(config.tables.values(), upstreams, shared, before.tables, parts)
    if (running !== undefined && running === before.admin && adminConfig !== undefined) {
      const { config: old } = running
      undo.push(() => running.reconfigure(old))
      running.reconfigure(adminConfig)
    }
    const generation = {
      config,
      upstreams,
      tables,
      shared,
      admin: running,
      listeners: updateListeners(listeners),
    }

    parts.use(generation)
    parts.resolver.serve(Array.from(tables.values(), ({ table }) => table))
    for (const listener of listeners.opened.values()) listener.update(listener.settings, parts.lookup)
    held.release()
    if (shared !== before.shared) shared?.store.start()
    for (const table of added(tables, before.tables)) for (const upstream of allAsked(table)) upstream.start()
    const files = Array.from(upstreams).flatMap(([name, upstream]) => {
      const running = before.upstreams.get(name)
      return running === undefined ? [] : upstream.changedFiles(running)
    })
    const restartedCircuits = Array.from(upstreams).flatMap(([name, upstream]) => {
      const running = before.upstreams.get(name)
      const hasCircuits = upstream.status().endpoints.length > 0
      return running !== undefined && hasCircuits && !upstream.isSameFor(running) ? [name] : []
    })
    return { answers, restartedCircuits, files, retire: () => retire(before, generation, listeners.removed) }
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

/**
 * The same generation with its admin API: the last part of a start.
 *
 * @throws (rejects) when a file or the socket fails.
 */
export async function withAdmin(
  generation: Generation,
  { adminPorts }: Pick<ChangeParts, 'adminPorts'>,
): Promise<Generation> {
  const admin = await openAdmin(undefined, await withTlsTexts(generation.config), adminPorts)
  return { ...generation, admin }
}

/** Names of the sockets of systemd that a configuration listens on. */
function systemdNames({ listeners, admin }: LoadedConfig): ReadonlySet<string> {
  const addresses = [...listeners, ...(admin === undefined ? [] : [admin])].map(({ address }) => address)
  return new Set(addresses.flatMap((address) => (address.kind === 'systemd' ? [address.name] : [])))
}

/** The admin API's settings with the content of its certificate and key in the place of their paths. */
async function withTlsTexts({ admin, readFile }: LoadedConfig): Promise<AdminConfig | undefined> {
  if (admin?.tls === undefined) return admin
  const [cert, key] = await Promise.all([readFile(admin.tls.cert), readFile(admin.tls.key)])
  return { ...admin, tls: { cert, key } }
}

async function openAdmin(
  running: RunningAdmin | undefined,
  config: AdminConfig | undefined,
  ports: GatewayPorts,
): Promise<RunningAdmin | undefined> {
  if (config === undefined) return undefined
  if (running?.fits(config)) return running
  // Loading it takes as long as the rest of a start: lookups do not wait for it.
  const { RunningAdmin: Admin } = await import('./admin.ts')
  return Admin.open(config, ports)
}

/** The tables of one generation that the other does not have. */
function added(tables: RunningTables, others: RunningTables) {
  return Array.from(tables.values()).filter((table) => others.get(table.config.name) !== table)
}

async function retire(before: Generation, after: Generation, removed: readonly Listener[]): Promise<void> {
  for (const table of added(before.tables, after.tables))
    for (const upstream of allAsked(table)) upstream.stop()
  for (const { config, lossGuard } of before.tables.values())
    if (after.tables.get(config.name)?.lossGuard !== lossGuard) lossGuard.reset()
  const ended: Promise<unknown>[] = removed.map((listener) => listener.drain())
  ended.push(closeUpstreams(before.upstreams, after.upstreams))
  if (before.shared !== after.shared) before.shared?.store.close()
  if (before.admin !== undefined && before.admin !== after.admin) ended.push(before.admin.close())
  await Promise.all(ended)
}

interface StopOptions {
  readonly resolver: Resolver
  /** Longest time for what is in flight, ms. Default 0. */
  readonly drainForMs?: number
  /** Called when nothing is answered any more. Default: nothing is saved. */
  readonly save?: () => Promise<void>
}

/**
 * Ends all but the admin API, which shows what is going on until the end: no new connections, answers to what is in flight,
 * answers saved, connections closed.
 */
export async function stopRunning(
  { listeners, tables, shared, upstreams }: Generation,
  { resolver, drainForMs = 0, save }: StopOptions,
): Promise<void> {
  const all = Array.from(listeners.values())
  const timeUp = new AbortController()
  const drained = Promise.all(all.map((listener) => listener.drain()))
  // Not the clock's timer: that one would not keep a process alive which has nothing else left.
  const late = delay(drainForMs, undefined, { signal: timeUp.signal }).catch(() => {}) // aborted: drained in time
  await Promise.race([drained, late])
  timeUp.abort()

  resolver.stop()
  for (const upstream of upstreams.values()) upstream.abort()
  // One turn, so that the sessions hear of the lookups that have just been answered; closing sends those replies.
  await new Promise((resolve) => setImmediate(resolve))
  await Promise.all(all.map((listener) => listener.close()))
  await save?.()
  shared?.store.close()
  for (const { asked } of tables.values()) for (const upstream of asked) upstream.stop()
  for (const upstream of upstreams.values()) await upstream.destroy()
}
