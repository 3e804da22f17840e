/**
 * `mapgate drill`: begins a drill, waits for its end, and shows what became of the lookups.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { DrilledTable, DrillReport } from '../../core/drill-report.ts'
import { clockTime, count, percent } from '../../presentation/format.ts'
import { printableJson } from '../../presentation/printable.ts'
import { AdminClient, problemText, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { type AdminOptions, findAdmin } from '../admin-target.ts'
import { type Column, columns } from '../columns.ts'
import { CommandError, EXIT_OK, EXIT_PERMANENT, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { type EndRequest, endRequest } from '../terminal.ts'

export interface DrillOptions extends AdminOptions {
  /** How long, ms. */
  readonly for: number
  readonly json?: boolean
}

/** Time between two looks whether it is over, ms. Ours. */
const LOOK_EVERY_MS = 500

/** @param end Says when Ctrl-C was pressed: that ends the drill. */
export async function drill(
  upstream: string,
  options: DrillOptions,
  io: CommandIo,
  end: () => EndRequest = endRequest,
): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
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
    const report = await whenEnded(begun, client, stop.signal)
    io.stdout.write(options.json === true ? `${printableJson(report)}\n` : `${linesOf(report).join('\n')}\n`)
    return EXIT_OK
  } finally {
    request.dispose()
    await client.close()
  }
}

/** Waits until the drill is over by itself, or ends it. */
async function whenEnded(begun: DrillReport, client: AdminClient, stop: AbortSignal): Promise<DrillReport> {
  const path = `/api/v1/drills/${encodeURIComponent(begun.upstream)}`
  while (!stop.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {}) // aborted: it is ended below
    const own = await lookFor(begun, client)
    if (own.state === 'ended') return own
  }
  const ended = await client.send('DELETE', path).catch(async (error: unknown) => {
    // It may have ended by itself in the same moment.
    const own = await lookFor(begun, client)
    if (own.state === 'ended') return { body: own }
    throw error
  })
  return reportOf(ended, client)
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

function reportOf(
  reply: { readonly problem?: string; readonly body: unknown },
  client: AdminClient,
): DrillReport {
  const { shown } = client.target
  if (reply.problem !== undefined)
    throw new CommandError(EXIT_PERMANENT, `${shown}: ${problemText(reply.body) ?? 'no such upstream'}`)
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
