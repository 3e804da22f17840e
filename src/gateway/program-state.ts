/**
 * What the program is doing now: where in its life it is, and the generation in use. It is made first, so that
 * whatever looks at the program may ask it from the beginning on.
 */
import type { LoadedConfig } from '../config/load.ts'
import type { Clock } from '../core/clock.ts'
import type { ReplicaStatus } from '../core/replica/replica-status.ts'
import type { GatewayStatus, SharedStoreStatus, TableStatus, UpstreamStatus } from '../core/status.ts'
import type { Listener } from '../server/listener.ts'
import type { SharedUpstream } from '../upstreams/kind.ts'
import { emptyGeneration, type Generation } from './generation.ts'
import { LoopWatch } from './loop-watch.ts'
import { Readiness } from './readiness.ts'
import { tableStatus } from './running-table.ts'

export class ProgramState {
  phase: 'starting' | 'ready' | 'draining' | 'stopped' = 'starting'
  generation: Generation
  readonly loop: LoopWatch
  readonly readiness: Readiness
  readonly #protocols: readonly string[]

  /** @param protocols Names of those that a listener can speak. */
  constructor(config: LoadedConfig, protocols: readonly string[], clock: Clock) {
    this.generation = emptyGeneration(config)
    this.loop = new LoopWatch(clock)
    this.readiness = new Readiness(clock, () => this.generation.tables)
    this.#protocols = protocols
  }

  status(): GatewayStatus {
    const tables = Array.from(this.generation.tables.values(), (table) =>
      tableStatus(table, this.readiness.ratio(table.config.name)),
    )
    const upstreams = Array.from(this.generation.upstreams.values(), (upstream) => ({
      upstream,
      status: upstream.status(),
    }))
    const shared = this.generation.shared?.store.status()
    return {
      state: this.phase === 'stopped' ? 'draining' : this.phase,
      degraded: [
        ...degradedBy(tables, upstreams, this.loop.overloaded),
        ...(shared === undefined ? [] : sharedTroubles(shared)),
        ...Array.from(this.generation.listeners.values()).flatMap(listenerTroubles),
      ],
      tables,
      upstreams: upstreams.map(({ status }) => status),
      listeners: Array.from(this.generation.listeners.values(), (listener) => listener.status()),
      protocols: this.#protocols,
      ...(shared !== undefined && { shared }),
    }
  }
}

/**
 * What is wrong while lookups are still answered, one sentence each: for /readyz, the page and `mapgate status`.
 *
 * @param overloaded The event loop does not keep up.
 */
function degradedBy(
  tables: readonly TableStatus[],
  upstreams: readonly LookedAt[],
  overloaded: boolean,
): readonly string[] {
  const program = overloaded ? ['the event loop does not keep up: only stored answers are given'] : []
  return [...program, ...upstreams.flatMap(upstreamTroubles), ...tables.flatMap(tableTroubles)]
}

function sharedTroubles({ address, state, lastFailure = 'not tried yet' }: SharedStoreStatus): string[] {
  if (state === 'up') return []
  return [`the shared store ${address} is not used: ${lastFailure}; lookups ask the service meanwhile`]
}

function listenerTroubles(listener: Listener): string[] {
  return listener.troubles().map((trouble) => `listener ${listener.settings.name}: ${trouble}`)
}

const MINUTE_MS = 60_000

/** An upstream, and its state at one moment. */
interface LookedAt {
  readonly upstream: SharedUpstream
  readonly status: UpstreamStatus
}

function upstreamTroubles({ upstream, status }: LookedAt): string[] {
  const { name, endpoints, drillEndsAtMs } = status
  const own = (upstream.troubles?.() ?? []).map((trouble) => `upstream ${name}: ${trouble}`)
  const drill =
    drillEndsAtMs === undefined
      ? []
      : [`upstream ${name}: a drill treats it as dead until ${new Date(drillEndsAtMs).toISOString()}`]
  const circuits = endpoints
    .filter(({ circuit }) => circuit !== 'closed')
    .map(({ name: endpoint, circuit, lastFailure }) => {
      const why = lastFailure === undefined ? '' : ` (last failure: ${lastFailure})`
      return `upstream ${name}: the circuit of endpoint ${endpoint} is ${circuit}${why}`
    })
  const paused = endpoints
    .filter(({ pausedForMs }) => pausedForMs !== undefined)
    .map((endpoint) => `upstream ${name}: endpoint ${endpoint.name} asked for a pause (Retry-After)`)
  const onlyKnown = endpoints.flatMap(({ name: endpoint, onlyKnownForMs, lastFailure = 'unknown' }) =>
    onlyKnownForMs === undefined
      ? []
      : [
          `upstream ${name}: endpoint ${endpoint} answers only questions whose answer is known, such as its canaries; all lookups have failed for ${Math.floor(onlyKnownForMs / MINUTE_MS)} min (last failure: ${lastFailure}), so look at the service`,
        ],
  )
  return [...drill, ...own, ...circuits, ...paused, ...onlyKnown]
}

function tableTroubles({ name, canaries, holdsLoss, replica }: TableStatus): string[] {
  const loss = holdsLoss
    ? [
        `table ${name}: the service says "not found" of many keys that it found before; restore its data, or mapgate confirm-loss ${name}`,
      ]
    : []
  const silent = canaries
    .filter(({ state }) => state === 'missing' || state === 'unreachable')
    .map(({ upstream, endpoint, state }) =>
      state === 'missing'
        ? `table ${name}: endpoint ${endpoint} of upstream ${upstream} does not know its canary`
        : `table ${name}: the canary cannot be asked at endpoint ${endpoint} of upstream ${upstream}`,
    )
  return [...loss, ...(replica === undefined ? [] : replicaTroubles(name, replica)), ...silent]
}

function replicaTroubles(table: string, { state, held, lastFailure }: ReplicaStatus): string[] {
  if (held !== undefined) {
    const why = held.lost > 0 ? `it lacks ${held.lost} keys of the copy` : held.reason
    return [`table ${table}: a list is kept aside, since ${why}; mapgate replica accept ${table}, or reject`]
  }
  if (lastFailure === undefined) return []
  const what = state === 'empty' ? 'there is no copy yet' : 'the copy is not refreshed'
  return [`table ${table}: ${what}: ${lastFailure}`]
}
