/**
 * Starts the demo's HTTP directory in a process of its own, and ends it by its id.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { CommandError, EXIT_UNREACHABLE } from '../exit-codes.ts'

/** Longest wait for the directory to listen, ms. Ours. */
const START_TIMEOUT_MS = 10_000

/** A directory that runs. */
export interface RunningDirectory {
  readonly pid: number
  readonly port: number
  /** Resolves when the process has ended, by itself or by {@link RunningDirectory.stop}. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/**
 * @param script The compiled `directory-process.js`.
 * @param folder The folder with the directory's data.
 * @param port 0 for any.
 */
export async function startDirectory(
  script: string,
  folder: string,
  port: number,
): Promise<RunningDirectory> {
  // Nothing of this process's own: the directory needs no environment, and debugger flags would clash.
  const child = fork(script, [folder, String(port)], {
    execArgv: [],
    env: {},
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = (): Promise<void> => {
    child.kill('SIGTERM')
    // The demo itself proposes kill -STOP, and a stopped process ends only when it goes on.
    child.kill('SIGCONT')
    return ended
  }
  const message = await firstMessage(child, ended)
  if (typeof message?.listening === 'number' && child.pid !== undefined) {
    return { pid: child.pid, port: message.listening, ended, stop }
  }
  await stop()
  const why = message?.failed === undefined ? 'it ended at once' : `it says ${String(message.failed)}`
  throw new CommandError(EXIT_UNREACHABLE, `the demo's HTTP directory does not start on port ${port}: ${why}`)
}

async function firstMessage(
  child: ChildProcess,
  ended: Promise<void>,
): Promise<{ readonly listening?: unknown; readonly failed?: unknown } | undefined> {
  let timer: NodeJS.Timeout | undefined
  const said = new Promise<object>((resolve) => child.once('message', (message) => resolve(Object(message))))
  const late = new Promise<object>((resolve) => {
    timer = setTimeout(() => resolve({ failed: 'nothing' }), START_TIMEOUT_MS)
  })
  try {
    return await Promise.race([said, late, ended.then(() => undefined)])
  } finally {
    clearTimeout(timer)
  }
}
