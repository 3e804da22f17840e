/**
 * `mapgate serve`: runs the gateway until the system says that it is enough.
 */
import { execFile } from 'node:child_process'
import type { Clock } from '../../core/clock.ts'
import { keepCompiled } from '../compile-cache.ts'
import { EXIT_DEFECT, EXIT_OK, EXIT_TEMPORARY } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { type Ending, type RunningGateway, runUntilSignal, type SignalSource } from '../running-gateway.ts'
import { type StartGateway, startGateway } from '../start-gateway.ts'
import { type CrashSource, watchCrashes } from './crashes.ts'
import { startWatchdog } from './watchdog.ts'

/** Longest time for the message to be taken, ms. Ours: a notice is not worth more. */
const NOTIFY_TIMEOUT_MS = 10_000

interface ServeOptions {
  readonly config?: string
}

/** What a test replaces. */
interface ServeParts {
  readonly start: StartGateway
  readonly signals: SignalSource
  readonly clock?: Clock
  /** Default: none are watched. */
  readonly crashes?: CrashSource
  /** Default: the event loop is not watched. */
  readonly watchdog?: (env: CommandIo['env']) => () => void
}

const REAL_PARTS: ServeParts = {
  start: startGateway,
  signals: process,
  crashes: process,
  watchdog: startWatchdog,
}

export async function serve(
  options: ServeOptions,
  io: CommandIo,
  { start, signals, clock, crashes, watchdog }: ServeParts = REAL_PARTS,
): Promise<number> {
  const ends: (() => void)[] = []
  let crashed = (): void => {}
  const afterCrash = new Promise<void>((resolve) => {
    crashed = resolve
  })
  let running: RunningGateway | undefined
  if (crashes !== undefined) {
    // From the call on: it answers questions before it has started.
    const watched = watchCrashes(crashes, (error, where) => {
      if (running !== undefined) running.defect?.(error, where)
      else io.stderr.write(`mapgate serve: ${where} while it starts: ${stackOf(error)}\n`)
    })
    void watched.crashed.then(crashed)
    ends.push(() => watched.dispose())
  }
  const started = start(options.config, io).then((gateway) => {
    running = gateway
    if (watchdog !== undefined) ends.push(watchdog(io.env))
    // The notice to systemd may take its time.
    void tell('ready', io)
    keepCompiled()
    return notifying(gateway, io)
  })
  try {
    return exitCode(await runUntilSignal(started, signals, io, afterCrash, clock), io)
  } finally {
    for (const end of ends) end()
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function exitCode(ending: Ending, io: CommandIo): number {
  if (ending === 'child-ended') {
    io.stderr.write('mapgate serve: stopped after an exception that nobody caught; see the log\n')
    return EXIT_DEFECT
  }
  if (ending !== 'forced') return EXIT_OK
  io.stderr.write('mapgate serve: ended at once by a second signal, with questions unanswered\n')
  return EXIT_TEMPORARY
}

/** The same gateway, which notifies systemd when it begins to stop. */
function notifying(gateway: RunningGateway, io: CommandIo): RunningGateway {
  return {
    reload: () => gateway.reload(),
    stop: async () => {
      await Promise.all([tell('stopping', io), gateway.stop()])
    },
  }
}

async function tell(state: 'ready' | 'stopping', io: CommandIo): Promise<void> {
  const failure = await notifySystemd(state, io.env)
  if (failure !== undefined) io.stderr.write(`mapgate serve: ${failure}\n`)
}

/**
 * Tells systemd that the gateway is ready, or stopping (sd_notify(3)), if it asked by `NOTIFY_SOCKET`; otherwise does nothing.
 *
 * Node.js has no unix datagram sockets, so `systemd-notify` sends the message. It is a process of its own: the unit
 * needs `NotifyAccess=all`. Nothing here is ever fatal.
 *
 * @returns Why it could not be told, in words; undefined when all is well.
 */
function notifySystemd(
  state: 'ready' | 'stopping',
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if (env.NOTIFY_SOCKET === undefined || env.NOTIFY_SOCKET === '') return Promise.resolve(undefined)
  const message = state === 'ready' ? '--ready' : 'STOPPING=1'
  return new Promise((resolve) => {
    execFile('systemd-notify', [message], { env, timeout: NOTIFY_TIMEOUT_MS }, (error) => {
      resolve(error === null ? undefined : `systemd was not told "${state}": ${error.message.trim()}`)
    })
  })
}
