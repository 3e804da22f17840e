/**
 * `mapgate drill`: begins a drill, waits for its end, and shows what became of the lookups, and whether the service
 * answers again. `--stop` ends one that was begun elsewhere.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DrilledTable, DrillReport } from '../../core/observed/drill-report.ts'
import { isByDrill } from '../../core/resilience/drill.ts'
import type { UpstreamStatus } from '../../core/status.ts'
import { clockTime, count, percent } from '../../presentation/format.ts'
import { printableJson } from '../../presentation/printable.ts'
import { AdminClient, type AdminReply, problemText, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { type AdminOptions, findAdmin } from '../admin-target.ts'
import { type Column, columns } from '../columns.ts'
import { CommandError, EXIT_OK, EXIT_PERMANENT, EXIT_UNREACHABLE, EXIT_USAGE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { type EndRequest, endRequest } from '../terminal.ts'

export interface DrillOptions extends AdminOptions {
  /** How long, ms. */
  readonly for: number
  /** End the drill that is under way, and begin none. */
  readonly stop?: boolean
  readonly json?: boolean
}

/** Time between two looks whether it is over, ms. Ours. */
const LOOK_EVERY_MS = 500

/** Longest wait after a drill for the service to answer again, ms. Ours: it is asked once a second. */
const ANSWERS_WITHIN_MS = 5_000

/** @param end Says when Ctrl-C was pressed: that ends the drill. */
export async function drill(
  upstream: string,
  options: DrillOptions,
  io: CommandIo,
  end: () => EndRequest = endRequest,
): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    const report =
      options.stop === true
        ? reportOf(await client.send('DELETE', pathOf(upstream)), client)
        : await drilled(upstream, options, io, client, end)
    io.stdout.write(options.json === true ? `${printableJson(report)}\n` : `${linesOf(report).join('\n')}\n`)
    if (report.endedBy === 'stop') return EXIT_OK
    const fails = await failureAfterwards(upstream, client)
    if (fails !== undefined)
      io.stderr.write(
        `${upstream} does not answer now that the drill is over: ${fails}. That is an outage; see mapgate status\n`,
      )
    return EXIT_OK
  } finally {
    await client.close()
  }
}

/** Begins a drill and waits for its end. */
async function drilled(
  upstream: string,
  options: DrillOptions,
  io: CommandIo,
  client: AdminClient,
  end: () => EndRequest,
): Promise<DrillReport> {
  // Listening before it begins, so that no Ctrl-C leaves it running.
  const request = end()
  const stop = new AbortController()
  void request.promise.then(() => stop.abort())
  try {
    const begun = reportOf(
      await client.send('POST', '/api/v1/drills', { upstream, seconds: options.for / 1000 }),
      client,
    )
    if (options.json !== true)
      io.stdout.write(
        `${upstream} is treated as dead until ${clockTime(begun.endsAtMs)}; Ctrl-C ends the drill\n`,
      )
    return await whenEnded(begun, client, stop.signal)
  } finally {
    request.dispose()
  }
}

/** Waits until the drill is over by itself, or ends it. */
async function whenEnded(begun: DrillReport, client: AdminClient, stop: AbortSignal): Promise<DrillReport> {
  while (!stop.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {}) // aborted: it is ended below
    const own = await lookFor(begun, client)
    if (own.state === 'ended') return own
  }
  const ended = await client.send('DELETE', pathOf(begun.upstream))
  if (ended.problem === undefined) return reportOf(ended, client)
  // It may have ended by itself in the same moment.
  const own = await lookFor(begun, client)
  return own.state === 'ended' ? own : reportOf(ended, client)
}

/**
 * Looks whether the endpoints answer again, as their circuits show.
 *
 * @returns How the last request ended, where every endpoint fails without a drill.
 */
async function failureAfterwards(upstream: string, client: AdminClient): Promise<string | undefined> {
  const untilMs = performance.now() + ANSWERS_WITHIN_MS
  for (;;) {
    const { body } = await client.get('/api/v1/upstreams')
    const upstreams = property(body, 'upstreams') as readonly UpstreamStatus[] | undefined
    const endpoints = upstreams?.find(({ name }) => name === upstream)?.endpoints ?? []
    // Not drilled: what it says of itself is that of the service again.
    if (endpoints.length === 0 || endpoints.some(({ circuit }) => circuit === 'closed')) return undefined
    const failures = endpoints.flatMap(({ lastFailure = [] }) => lastFailure)
    const own = failures.find((failure) => !isByDrill(failure))
    if (failures.every((failure) => !isByDrill(failure))) return own
    if (performance.now() >= untilMs) return own
    await sleep(LOOK_EVERY_MS)
  }
}

function pathOf(upstream: string): string {
  return `/api/v1/drills/${encodeURIComponent(upstream)}`
}

async function lookFor(begun: DrillReport, client: AdminClient): Promise<DrillReport> {
  const { body } = await client.get('/api/v1/drills')
  const drills = property(body, 'drills') as readonly DrillReport[] | undefined
  const own = drills?.find(
    ({ upstream, startedAtMs }) => upstream === begun.upstream && startedAtMs === begun.startedAtMs,
  )
  if (own !== undefined) return own
  throw new CommandError(
    EXIT_UNREACHABLE,
    `${client.target.shown}: the gateway knows nothing of the drill; it ended with a restart`,
  )
}

function reportOf(reply: AdminReply, client: AdminClient): DrillReport {
  const { shown } = client.target
  if (reply.problem !== undefined)
    throw new CommandError(
      reply.problem === 'drill-refused' ? EXIT_USAGE : EXIT_PERMANENT,
      `${shown}: ${problemText(reply.body) ?? 'no such upstream'}`,
    )
  if (typeof property(reply.body, 'endsAtMs') !== 'number')
    throw new CommandError(EXIT_UNREACHABLE, `${shown}: the reply is no drill; is this mapgate?`)
  return reply.body as DrillReport
}

const ENDED_BY: Readonly<Record<string, string>> = {
  time: 'the drill is over',
  operator: 'the drill was ended',
  reload: 'the drill ended with a reload',
  stop: 'the drill ended with the gateway',
}

const COLUMNS: readonly Column[] = [
  { title: 'TABLE', minWidth: 8 },
  { title: 'ready', align: 'right' },
  { title: 'answered', align: 'right' },
  { title: 'deferred', align: 'right' },
  { title: 'share answered', align: 'right' },
]

function linesOf({ endedBy = 'time', tables, startedAtMs, endsAtMs, upstream }: DrillReport): string[] {
  const seconds = Math.round((endsAtMs - startedAtMs) / 1000)
  return [
    `${ENDED_BY[endedBy]}: ${upstream} was treated as dead for ${seconds} s`,
    ...columns(COLUMNS, tables.map(row)),
  ]
}

function row({ name, readiness, answered, deferred }: DrilledTable): string[] {
  const all = answered + deferred
  return [
    name,
    percent(readiness),
    count(answered),
    count(deferred),
    percent(all === 0 ? undefined : answered / all),
  ]
}
