/**
 * `mapgate replica`: shows the copy of a table, asks for the list now, and decides about one that is kept aside.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplicaChanges, ReplicaStatus } from '../../core/replica/replica-status.ts'
import { bytes, count, duration } from '../../presentation/format.ts'
import { oneLine, printableJson } from '../../presentation/printable.ts'
import { AdminClient, problemText, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { findAdmin } from '../admin-target.ts'
import { CommandError, EXIT_OK, EXIT_PERMANENT, EXIT_TEMPORARY, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { progressBar } from '../progress-bar.ts'
import type { ReplicaAction, ReplicaOptions } from './actions.ts'

/** Time between two looks at a list that is read, ms. Ours. */
const LOOK_EVERY_MS = 250

export async function replica(
  action: ReplicaAction,
  table: string,
  options: ReplicaOptions,
  io: CommandIo,
): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    const asked = new Asked(client, table)
    if (action === 'status') return show(await asked.status(), table, options, io)
    const before = action === 'refresh' ? await asked.status() : undefined
    const changed = await asked.change(action === 'refresh' && options.whole ? 'refresh?whole=true' : action)
    if (before === undefined) return show(changed, table, options, io)
    const after = await whenSettled(before, asked, options, io)
    show(after, table, options, io)
    return after.failures > before.failures || after.heldBack > before.heldBack ? EXIT_TEMPORARY : EXIT_OK
  } finally {
    await client.close()
  }
}

class Asked {
  readonly #client: AdminClient
  readonly #path: string

  constructor(client: AdminClient, table: string) {
    this.#client = client
    this.#path = `/api/v1/tables/${encodeURIComponent(table)}`
  }

  async status(): Promise<ReplicaStatus> {
    const reply = await this.#client.get(this.#path)
    const { shown } = this.#client.target
    if (reply.problem !== undefined)
      throw new CommandError(EXIT_PERMANENT, `${shown}: ${problemText(reply.body) ?? 'no such table'}`)
    const status = property(reply.body, 'replica')
    if (status === undefined)
      throw new CommandError(EXIT_PERMANENT, `${shown}: this table has no replica; it is asked key by key`)
    return this.#checked(status)
  }

  async change(action: Exclude<ReplicaAction, 'status'> | 'refresh?whole=true'): Promise<ReplicaStatus> {
    const reply = await this.#client.send('POST', `${this.#path}/replica/${action}`)
    const { shown } = this.#client.target
    if (reply.problem !== undefined)
      throw new CommandError(EXIT_PERMANENT, `${shown}: ${problemText(reply.body) ?? 'no such table'}`)
    return this.#checked(reply.body)
  }

  #checked(status: unknown): ReplicaStatus {
    if (typeof property(status, 'entries') === 'number') return status as ReplicaStatus
    const { shown } = this.#client.target
    throw new CommandError(EXIT_UNREACHABLE, `${shown}: the reply is no replica; is this mapgate?`)
  }
}

/** Waits until the list that was asked for is taken over, kept aside or refused. */
async function whenSettled(
  before: ReplicaStatus,
  asked: Asked,
  { json }: ReplicaOptions,
  { stderr }: CommandIo,
): Promise<ReplicaStatus> {
  const draws = json !== true && stderr.isTTY === true
  for (;;) {
    const status = await asked.status()
    if (lists(status) > lists(before) && status.state !== 'copying') {
      if (draws) stderr.write('\r\x1b[K')
      return status
    }
    if (draws) {
      const { entries = 0, bytes: size = 0, share } = status.progress ?? {}
      stderr.write(`\r\x1b[K${progressBar(share)} ${count(entries)} entries, ${bytes(size)}`)
    }
    await sleep(LOOK_EVERY_MS)
  }
}

/** Lists and changes that were settled, since the start of the gateway. */
function lists({ copies, failures, heldBack, changes }: ReplicaStatus): number {
  return copies + failures + heldBack + (changes?.rounds ?? 0)
}

function show(status: ReplicaStatus, table: string, { json }: ReplicaOptions, { stdout }: CommandIo): number {
  stdout.write(
    json === true ? `${printableJson({ table, ...status })}\n` : `${linesOf(status, table).join('\n')}\n`,
  )
  return EXIT_OK
}

function linesOf(status: ReplicaStatus, table: string): string[] {
  const { state, entries, copiedAtMs, changedAtMs, bytes: size, durationMs, held, progress, changes } = status
  const nowMs = Date.now()
  const ago = (wallMs: number): string => `${duration(Math.max(0, nowMs - wallMs))} ago`
  const lines = [
    copiedAtMs === undefined
      ? `${table}: no copy yet`
      : `${table}: ${count(entries)} ${entries === 1 ? 'entry' : 'entries'}, copied or confirmed ${ago(copiedAtMs)}, changed ${ago(changedAtMs ?? copiedAtMs)}`,
  ]
  if (size !== undefined) lines.push(`last list: ${bytes(size)}, read in ${duration(durationMs)}`)
  if (changes !== undefined) lines.push(...linesOfChanges(changes, ago))
  if (state === 'copying' && progress !== undefined)
    lines.push(`copying: ${progressBar(progress.share)} ${count(progress.entries)} entries`)
  if (held !== undefined) {
    const why =
      held.lost > 0 ? `, which lacks ${count(held.lost)} keys of the copy` : `: ${oneLine(held.reason)}`
    lines.push(
      `kept aside: a list of ${count(held.entries)}${why}; mapgate replica accept ${table}, or reject`,
    )
    const { missing = [] } = held
    if (missing.length > 0)
      lines.push(
        `  it lacks${held.lost > missing.length ? ', for example,' : ''} ${missing.map(oneLine).join(', ')}`,
      )
  }
  if (status.lastFailure !== undefined && held === undefined)
    lines.push(`not taken over: ${oneLine(status.lastFailure)}`)
  if (status.nextRefreshAtMs !== undefined)
    lines.push(
      `next ${changes === undefined ? 'list' : 'question'} in ${duration(Math.max(0, status.nextRefreshAtMs - nowMs))}`,
    )
  return lines
}

function linesOfChanges(
  { rounds, set, gone, listedAtMs, lastProblem }: ReplicaChanges,
  ago: (wallMs: number) => string,
): string[] {
  const listed = listedAtMs === undefined ? '' : `; the whole list was asked for ${ago(listedAtMs)}`
  const times = rounds === 1 ? 'once' : `${count(rounds)} times`
  const lines = [`changes: taken over ${times}, ${count(set)} entries set, ${count(gone)} deleted${listed}`]
  if (lastProblem !== undefined) lines.push(`changes not used: ${oneLine(lastProblem)}`)
  return lines
}
