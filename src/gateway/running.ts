/**
 * Everything that runs for one configuration, and the way from one configuration to the next:
 *
 *   plan     read files, open sockets: what can fail, and changes nothing that runs
 *   commit   swap, without a pause: everything that runs follows, or nothing does
 *   retire   end what is not needed any more, when its last work is done
 */
import type { LoadedConfig } from '../config/load.ts'
import type { Lookup } from '../core/lookup.ts'
import type { Resolver } from '../core/resolver.ts'
import { startedWith } from '../server/bind.ts'
import { descriptorLimit } from '../server/descriptors.ts'
import type { Listener } from '../server/listener.ts'
import { requireServed } from '../server/systemd.ts'
import { type GatewayPorts, RunningAdmin } from './admin.ts'
import { checkDescriptors } from './descriptor-budget.ts'
import { Gate } from './gate.ts'
import { commitListeners, type ListenerPlan, planListeners, type RunningListeners } from './listeners.ts'
import type { GatewayParts } from './parts.ts'
import { buildTables, type CarriedAnswers, type RunningTables } from './tables.ts'
import { planUpstreams, type RunningUpstreams } from './upstreams.ts'

/** One generation: what a configuration has become. */
export interface Running {
  readonly config: LoadedConfig | undefined
  readonly upstreams: RunningUpstreams
  readonly tables: RunningTables
  readonly listeners: RunningListeners
  readonly admin: RunningAdmin | undefined
}

/** Before the start. */
export const NOTHING_RUNS: Running = {
  config: undefined,
  upstreams: new Map(),
  tables: new Map(),
  listeners: new Map(),
  admin: undefined,
}

/** What a change of generation works with. */
export interface ChangeParts extends GatewayParts {
  readonly resolver: Resolver
  /** The resolver as clients see it: with spans, when there is tracing. */
  readonly lookup: Lookup
  /** The tables that run now: for filters that are tables, which outlive a reload that does not touch them. */
  readonly directory: { tables: RunningTables }
  readonly adminPorts: GatewayPorts
  /** Called when a service refused our credentials, or TLS failed. */
  readonly onCredentialsRefused: (upstream: string) => void
  /** Called before the first lookup reaches new tables: the place to fill their stores. */
  readonly beforeServing: (next: Running) => void
}

/** A change that has happened. */
export interface Change {
  readonly running: Running
  readonly dropped: readonly CarriedAnswers[]
  /** Ends what only the generation before needed. */
  readonly retire: () => Promise<void>
}

/**
 * Goes from what runs to another configuration.
 *
 * @throws when a file, a socket or a listener's file access fails, or more files would be open than may be; what ran goes on as it was.
 */
export async function change(before: Running, config: LoadedConfig, parts: ChangeParts): Promise<Change> {
  checkDescriptors(config, descriptorLimit())
  requireServed(systemdNames(config), startedWith())
  const upstreams = await planUpstreams(config.upstreams.values(), before.upstreams, {
    ...parts,
    observer: parts.observability.observer,
  })
  const gate = new Gate(parts.lookup)
  const listeners = await planListeners(config.listeners, before.listeners, gate, parts)
  let admin: RunningAdmin | undefined
  try {
    admin = await planAdmin(before.admin, config, parts)
    return commit(before, { config, upstreams, admin }, listeners, gate, parts)
  } catch (error) {
    for (const upstream of before.upstreams.values()) upstream.configure()
    await Promise.all(Array.from(listeners.opened.values(), (listener) => listener.close()))
    if (admin !== before.admin) await admin?.close()
    throw error
  }
}

/** Names of the sockets of systemd that a configuration listens on. */
function systemdNames({ listeners, admin }: LoadedConfig): ReadonlySet<string> {
  const addresses = [...listeners, ...(admin === undefined ? [] : [admin])].map(({ address }) => address)
  return new Set(addresses.flatMap((address) => (address.kind === 'systemd' ? [address.name] : [])))
}

async function planAdmin(
  running: RunningAdmin | undefined,
  { admin: config }: LoadedConfig,
  { adminPorts }: ChangeParts,
): Promise<RunningAdmin | undefined> {
  if (config === undefined) return undefined
  return running?.fits(config) ? running : RunningAdmin.open(config, adminPorts)
}

function commit(
  before: Running,
  planned: { config: LoadedConfig } & Pick<Running, 'upstreams' | 'admin'>,
  plan: ListenerPlan,
  gate: Gate,
  parts: ChangeParts,
): Change {
  const { config, upstreams, admin } = planned
  const dropped: CarriedAnswers[] = []
  for (const upstream of upstreams.values()) upstream.configure()
  const current = (name: string) => {
    const table = parts.directory.tables.get(name)?.table
    if (table === undefined) throw new TypeError(`unchecked configuration: no table ${name}`)
    return table
  }
  const tables = buildTables(config.tables.values(), upstreams, before.tables, current, parts, (carried) =>
    dropped.push(carried),
  )
  if (admin !== undefined && admin === before.admin && config.admin !== undefined) {
    admin.reconfigure(config.admin)
  }
  const running: Running = { config, upstreams, tables, admin, listeners: commitListeners(plan) }
  parts.directory.tables = tables
  parts.beforeServing(running)
  parts.resolver.serve(Array.from(tables.values(), ({ table }) => table))
  for (const listener of plan.opened.values()) listener.update(listener.settings, parts.lookup)
  gate.open()
  for (const { asked } of added(tables, before.tables)) for (const upstream of asked) upstream.start()
  return { running, dropped, retire: () => retire(before, running, plan.removed) }
}

/** The tables of one generation that the other does not have. */
function added(tables: RunningTables, others: RunningTables) {
  return Array.from(tables.values()).filter((table) => others.get(table.config.name) !== table)
}

async function retire(before: Running, after: Running, removed: readonly Listener[]): Promise<void> {
  for (const { asked } of added(before.tables, after.tables)) for (const upstream of asked) upstream.stop()
  const ended: Promise<void>[] = removed.map((listener) => listener.drain())
  for (const [name, upstream] of before.upstreams) ended.push(upstream.close(after.upstreams.get(name)))
  if (before.admin !== undefined && before.admin !== after.admin) ended.push(before.admin.close())
  await Promise.all(ended)
}
