/**
 * The program itself, `mapgate serve`, as a service manager starts it: when it answers, when it is ready, what it takes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { nodeUnderTest } from './processes.mjs'

/** How often a port is tried that nobody listens on yet, ms: a first answer is measured to this. */
const TRY_EVERY_MS = 2
const KIB_PER_MIB = 1024

export class Program {
  #child
  #startedAt
  #log = ''
  /** Of each awaited text, by its expression: resolves with the time of its line. */
  #awaited = []

  /** @param dist A compiled build. */
  constructor(dist, file) {
    this.#startedAt = performance.now()
    this.#child = spawn(nodeUnderTest(), [join(dist, 'cli.js'), 'serve', '-c', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child.stdout.on('data', (chunk) => {
      this.#log += chunk
      this.#awaited = this.#awaited.filter((one) => !this.#settle(one))
    })
    this.#child.once('exit', () => {
      for (const { reject } of this.#awaited) reject(new Error(`it ended: ${this.#log}`))
    })
  }

  /** Ms from the start of the process to this line of its log. */
  logged(text) {
    return new Promise((resolve, reject) => {
      const one = { text, resolve, reject }
      if (!this.#settle(one)) this.#awaited.push(one)
    })
  }

  #settle({ text, resolve }) {
    if (!text.test(this.#log)) return false
    resolve(performance.now() - this.#startedAt)
    return true
  }

  /** Ms from the start of the process to the reply to a question over socketmap. */
  async answered(port, question) {
    const socket = await this.#connected(port)
    socket.write(`${question.length}:${question},`)
    const [reply] = await once(socket, 'data')
    const ms = performance.now() - this.#startedAt
    socket.destroy()
    if (!/^\d+:OK /.test(reply.toString('latin1'))) throw new Error(`it replied ${reply}`)
    return ms
  }

  async #connected(port) {
    while (this.#child.exitCode === null) {
      const socket = connect(port, '127.0.0.1')
      if (
        await new Promise((resolve) =>
          socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
        )
      )
        return socket
      await delay(TRY_EVERY_MS)
    }
    throw new Error(`it ended: ${this.#log}`)
  }

  residentMib() {
    const text = readFileSync(`/proc/${this.#child.pid}/smaps_rollup`, 'utf8')
    return Number(/^Rss:\s+(\d+) kB/m.exec(text)[1]) / KIB_PER_MIB
  }

  /** Not by SIGTERM: a cache file would be written again. */
  async kill() {
    if (this.#child.exitCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

export const READY = /"state":"ready"|"msg":"ready"/
export const CACHE_FILE_READ = /"msg":"cache file read"/
