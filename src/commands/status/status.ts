/**
 * `mapgate status`: how a running gateway is, once or again and again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HistoryPoint } from '../../core/observed/history-point.ts'
import type { GatewayStatus } from '../../core/status.ts'
import type { Problem } from '../../observability/problems.ts'
import { printableJson } from '../../presentation/printable.ts'
import { AdminClient, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { type AdminOptions, findAdmin } from '../admin-target.ts'
import { CommandError, EXIT_OK, EXIT_UNREACHABLE, EXIT_USAGE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { type EndRequest, endRequest, type Terminal } from '../terminal.ts'
import { type Reading, readingAsJson } from './reading.ts'
import { screenLines } from './screen.ts'
import { watch } from './watch.ts'

export interface StatusOptions extends AdminOptions {
  readonly watch?: boolean
  /** Seconds between two looks. */
  readonly interval?: number
  readonly json?: boolean
}

/** The surroundings: `terminal` is set when standard output is one. */
interface StatusIo extends CommandIo {
  readonly terminal: Terminal | undefined
}

/** Longest line where the width is not known: a file or a pipe. */
const PIPE_WIDTH = 120

/** Seconds between two looks when nothing is said. Ours: the gateway's history moves every two seconds. */
const DEFAULT_INTERVAL_SECONDS = 2

/** Shows one look, or draws until the end is asked for. */
export async function status(
  options: StatusOptions,
  io: StatusIo,
  end: () => EndRequest = endRequest,
): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    if (options.watch !== true) await showOnce(client, options, io)
    else if (options.json === true) await printLooks(client, options, io, end())
    else await watchOnTerminal(client, options, io, end)
    return EXIT_OK
  } finally {
    await client.close()
  }
}

async function showOnce(client: AdminClient, options: StatusOptions, io: StatusIo): Promise<void> {
  const reading = await readGateway(client)
  if (options.json === true) {
    io.stdout.write(`${printableJson(readingAsJson(reading), 2)}\n`)
    return
  }
  const width = io.terminal?.columns ?? PIPE_WIDTH
  io.stdout.write(`${linesOf(reading, client)(width).join('\n')}\n`)
}

async function watchOnTerminal(
  client: AdminClient,
  options: StatusOptions,
  { terminal }: StatusIo,
  end: () => EndRequest,
): Promise<void> {
  if (terminal === undefined) {
    throw new CommandError(
      EXIT_USAGE,
      '--watch draws on a terminal, and standard output is none; add --json for one line a look',
    )
  }
  // The first look is taken before anything is drawn: a wrong address is an error, not a screen.
  await readGateway(client)
  const look = async (): Promise<(width: number) => readonly string[]> => {
    try {
      return linesOf(await readGateway(client), client)
    } catch (error) {
      // A restart of the gateway is what a person may be watching for: say so and look again.
      if (!(error instanceof CommandError)) throw error
      const { message } = error
      return () => [message]
    }
  }
  await watch({ look, terminal, end: end(), pause: pauseOf(options) })
}

/** One line of JSON for each look. */
async function printLooks(
  client: AdminClient,
  options: StatusOptions,
  io: StatusIo,
  end: EndRequest,
): Promise<void> {
  const stop = new AbortController()
  const ended = end.promise.then(() => stop.abort())
  const pause = pauseOf(options)
  try {
    while (!stop.signal.aborted) {
      io.stdout.write(`${printableJson(readingAsJson(await readGateway(client)))}\n`)
      await Promise.race([pause(stop.signal), ended])
    }
  } finally {
    end.dispose()
  }
}

function linesOf(reading: Reading, client: AdminClient): (width: number) => readonly string[] {
  const nowMs = Date.now()
  return (width) => screenLines(reading, { where: client.target.shown, width, nowMs })
}

function pauseOf({
  interval = DEFAULT_INTERVAL_SECONDS,
}: StatusOptions): (signal: AbortSignal) => Promise<void> {
  return (signal) =>
    sleep(interval * 1000, undefined, { signal }).catch(() => {
      // Aborted: nobody waits any more, and there is nothing else that fails here.
    })
}

/** Asks all that a look needs, at once. */
async function readGateway(client: AdminClient): Promise<Reading> {
  const [status, history, problems] = await Promise.all([
    client.get('/api/v1/status'),
    client.get('/api/v1/history'),
    client.get('/api/v1/problems'),
  ])
  const points = property(history.body, 'points')
  const list = property(problems.body, 'problems')
  if (isStatus(status.body) && Array.isArray(points) && Array.isArray(list)) {
    // Their insides are the contract of the admin API, which its own tests hold.
    return { status: status.body, points: points as HistoryPoint[], problems: list as Problem[] }
  }
  throw new CommandError(
    EXIT_UNREACHABLE,
    `${client.target.shown}: the reply is no status; is this the admin address of mapgate?`,
  )
}

function isStatus(body: unknown): body is GatewayStatus {
  return (
    typeof property(body, 'state') === 'string' &&
    ['degraded', 'tables', 'upstreams', 'listeners'].every((name) => Array.isArray(property(body, name)))
  )
}
