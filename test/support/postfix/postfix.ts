/**
 * A private Postfix: its own configuration, queue, log and port, in a temporary directory, run
 * as root on loopback and ended with the test. Any number of them run side by side.
 *
 *   const postfix = await startPostfix(t, { virtual_alias_maps: 'socketmap:inet:...:aliases' })
 *   const session = await openSmtpSession(t, postfix.smtpPort)
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Cleanup } from '../http/http-service.ts'
import { freePort } from '../programs/free-port.ts'
import { type MainCf, type PostfixFiles, writeDaemonFiles, writeMainCf, writePostfixFiles } from './files.ts'
import { until } from './until.ts'

const MASTER = '/usr/lib/postfix/sbin/master'
/** Ms from the start until the SMTP port answers. Measured: 30 ms; here for a busy machine. */
const START_TIMEOUT_MS = 15_000
/** Ms until all mail of a test is delivered. Ours: hundreds of messages on a busy machine. */
const QUEUE_TIMEOUT_MS = 20_000
/** Another program may take the port that was free a moment ago. */
const START_ATTEMPTS = 3

/** A running instance. */
export interface Postfix extends PostfixFiles {
  readonly smtpPort: number
  /** What was logged so far. */
  readLog(): Promise<string>
  /** Waits for a line of the log that the pattern matches. */
  waitForLog(pattern: RegExp): Promise<string>
  /** Waits until no mail is in the queue. */
  emptied(): Promise<void>
  /** Asks for everything in the queue to be tried again now. */
  flush(): Promise<void>
  /** Ends it before the test ends. */
  stop(): Promise<void>
}

/** Tells why a test with Postfix cannot run here; undefined when it can. */
export function postfixMissing(): string | undefined {
  if (!existsSync(MASTER) || !existsSync('/usr/sbin/postfix')) {
    return 'needs Postfix: apt-get install postfix'
  }
  if (process.getuid?.() !== 0) return 'needs root: Postfix starts its daemons under other users'
  return undefined
}

/** Skips the test where Postfix cannot run. With `CI=true` a skipped Postfix test is a failure. */
export function requirePostfix(context: { skip(note?: string): void }): void {
  const reason = postfixMissing()
  if (reason === undefined) return
  if (process.env.CI === 'true') throw new Error(`a test ${reason}`)
  context.skip(reason)
}

/** Other than main.cf. */
export interface PostfixSettings {
  /** Runs the daemons chrooted in the queue directory, as Debian does. */
  readonly chroot?: boolean
  /** More lines of master.cf. */
  readonly services?: readonly string[]
  /** Files that were made before, for tables that stand in them. */
  readonly files?: PostfixFiles
}

/** Starts an instance, and ends it with the test. */
export async function startPostfix(
  cleanup: Cleanup,
  mainCf: MainCf,
  settings: PostfixSettings = {},
): Promise<Postfix> {
  const files = settings.files ?? (await writePostfixFiles(cleanup, mainCf))
  if (settings.files !== undefined) await writeMainCf(files, mainCf)
  let problem: unknown
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const smtpPort = await freePort()
    await writeDaemonFiles(files, smtpPort, settings.chroot ?? false, settings.services)
    // Not `postfix start`, which leaves the daemons to process 1: a child of ours is ended for certain.
    // A session of its own, because master(8) ends its process group when it is ended.
    const master = spawn(MASTER, ['-c', files.configDirectory, '-d'], { detached: true, stdio: 'ignore' })
    cleanup.onTestFinished(() => end(master))
    try {
      await until('the SMTP port', () => greets(smtpPort, master), START_TIMEOUT_MS)
      return running(files, smtpPort, master)
    } catch (error) {
      problem = error
      await end(master)
    }
  }
  const log = await readFile(files.logFile, 'utf8').catch(() => 'nothing')
  throw new Error(`Postfix does not start; it logged: ${log}`, { cause: problem })
}

function running(files: PostfixFiles, smtpPort: number, master: ChildProcess): Postfix {
  const readLog = () => readFile(files.logFile, 'utf8').catch(() => '')
  return {
    ...files,
    smtpPort,
    readLog,
    async waitForLog(pattern) {
      const look = async () => (await readLog()).split('\n').find((line) => pattern.test(line))
      try {
        return await until(`${pattern} in the mail log`, look)
      } catch (error) {
        throw new Error(`the log is: ${await readLog()}`, { cause: error })
      }
    },
    async emptied() {
      await until(
        'an empty queue',
        async () => ((await queued(files)) === 0 ? true : undefined),
        QUEUE_TIMEOUT_MS,
      )
    },
    flush: () =>
      finished(spawn('/usr/sbin/postqueue', ['-c', files.configDirectory, '-f'], { stdio: 'ignore' })),
    stop: () => end(master),
  }
}

/** How many messages wait or are being delivered. */
async function queued(files: PostfixFiles): Promise<number> {
  let count = 0
  for (const name of ['incoming', 'active', 'deferred']) {
    const entries = await readdir(join(files.queueDirectory, name), { recursive: true, withFileTypes: true })
    count += entries.filter((entry) => entry.isFile()).length
  }
  return count
}

/** True as soon as smtpd(8) sends its greeting; throws when master(8) has ended. */
function greets(port: number, master: ChildProcess): Promise<true | undefined> {
  if (hasEnded(master)) throw new Error(`master ended with status ${master.exitCode}`)
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('data', () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(undefined))
  })
}

async function end(master: ChildProcess): Promise<void> {
  if (hasEnded(master)) return
  master.kill('SIGTERM')
  await finished(master)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function finished(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => resolve())
    child.once('error', reject)
  })
}
