/**
 * `mapgate demo`: an HTTP directory in a process of its own, a gateway over it, and lines to try.
 */
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../core/clock.ts'
import { PACKAGE_FILE } from '../../gateway/package-file.ts'
import { CommandError, EXIT_OK, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { runUntilSignal, type SignalSource } from '../running-gateway.ts'
import { type StartGateway, startGateway } from '../start-gateway.ts'
import { demoConfig } from './demo-config.ts'
import { type RunningDirectory, startDirectory } from './directory-child.ts'
import { findPostmap } from './find-postmap.ts'
import { ownName } from './own-name.ts'
import { demoPorts, freeDemoPort, takenPort } from './ports.ts'
import { tryLines } from './try-lines.ts'

interface DemoOptions {
  /** The first of six ports. */
  readonly port: number
}

/** The surroundings: `script` is `process.argv[1]`. */
interface DemoIo extends CommandIo {
  readonly script: string
}

/** What a test replaces. */
interface DemoParts {
  readonly start: StartGateway
  readonly signals: SignalSource
  /** The compiled program of the directory. */
  readonly directoryScript: string
}

const EXAMPLES = fileURLToPath(new URL('examples/', PACKAGE_FILE))

const REAL_PARTS: DemoParts = {
  start: startGateway,
  signals: process,
  directoryScript: fileURLToPath(new URL('./directory-process.js', import.meta.url)),
}

export async function demo(
  { port }: DemoOptions,
  io: DemoIo,
  { start, signals, directoryScript }: DemoParts = REAL_PARTS,
): Promise<number> {
  const mapgate = ownName(io)
  const ports = demoPorts(port)
  await refuseTakenPorts(port, mapgate)
  const config = await demoConfig(join(EXAMPLES, 'demo.yaml'), ports)
  let directory: RunningDirectory | undefined
  try {
    const running = await startDirectory(directoryScript, join(EXAMPLES, 'directory'), ports.directory)
    directory = running
    const announced = start(config.file, io).then(async (gateway) => {
      io.stdout.write(
        tryLines({
          ports,
          directoryPid: running.pid,
          mapgate,
          postmap: await findPostmap(io.env.PATH, shorter(join(EXAMPLES, 'postfix'), io.cwd)),
          configFile: shorter(config.file, io.cwd),
          dataFolder: shorter(join(EXAMPLES, 'directory'), io.cwd),
        }),
      )
      return gateway
    })
    // SIGHUP ends it: nobody would find it again behind a terminal that is closed.
    const ending = await runUntilSignal(announced, signals, io, running.ended, systemClock, 'end')
    if (ending !== 'child-ended') return EXIT_OK
    throw new CommandError(EXIT_UNREACHABLE, 'the directory has ended by itself; start the demo again')
  } finally {
    await directory?.stop()
    await config.remove()
  }
}

async function refuseTakenPorts(port: number, mapgate: string): Promise<void> {
  const taken = await takenPort(demoPorts(port))
  if (taken === undefined) return
  const why = taken.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${taken.code})`
  const other = await freeDemoPort(port)
  const choice = other === undefined ? 'choose others with --port' : `try: ${mapgate} demo --port ${other}`
  throw new CommandError(
    EXIT_UNREACHABLE,
    `port ${taken.port} of 127.0.0.1 ${why}, and the demo needs the six ports from ${port}; ${choice}`,
  )
}

/** As a person would type it. */
function shorter(file: string, cwd: string): string {
  const near = relative(cwd, file)
  return near.startsWith('..') ? file : near
}
