/**
 * Starts the processes of a benchmark and asks them things: every server and every client runs in
 * a process of its own, so that the CPU time of one is not mixed with the other's.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

let node = process.execPath

/** Runs the servers by another Node.js; the clients stay with this one. */
export function testUnder(path) {
  node = path
}

export function nodeUnderTest() {
  return node
}

/** Processes that still run, ended with the benchmark whatever happens. */
const running = new Set()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts one program of bench/.
 *
 * @param {string} script Path below bench/.
 * @param {readonly string[]} [args]
 * @param {{ execArgv?: string[], env?: Record<string, string>, cwd?: string }} [options] Of `fork`.
 * @returns Its first message, `started`, and how to ask it for more.
 */
export async function start(script, args = [], options = {}) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    ...options,
    execPath: script.startsWith('servers/') ? node : process.execPath,
    execArgv: options.execArgv ?? [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  running.add(child)
  child.once('exit', (code, signal) => {
    running.delete(child)
    if (code !== 0 && signal === null) throw new Error(`${script} ended with ${code}`)
  })
  const [started] = await once(child, 'message')
  return {
    started,
    pid: child.pid,
    /** Sends one message and waits for its answer; one at a time. */
    async ask(message) {
      const answer = once(child, 'message')
      child.send(message)
      return (await answer)[0]
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
      await ended
      clearTimeout(timer)
    },
  }
}
