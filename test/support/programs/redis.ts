/**
 * A private Redis for a test: Debian's program on a loopback port of its own, with nothing on disk, ended with the test.
 *
 *   const redis = await startRedis(t)
 *   await redis.command('FLUSHALL')
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cleanup } from '../http/http-service.ts'
import { freePort } from './free-port.ts'

/** Longest wait for the program to listen, ms. */
const PATIENCE_MS = 20_000

/** Returns what is missing of Debian's package `redis-server`. */
export function missingRedis(): string | undefined {
  const isMissing = spawnSync('redis-server', ['--version']).error !== undefined
  return isMissing ? 'needs redis-server: apt-get install redis-server' : undefined
}

export class Redis {
  readonly port: number
  readonly #args: readonly string[]
  readonly #mode: readonly string[]
  #child: ChildProcess | undefined

  /** @param mode In the place of what a server needs that keeps nothing: that of a sentinel. */
  constructor(
    port: number,
    args: readonly string[],
    mode: readonly string[] = ['--save', '', '--appendonly', 'no'],
  ) {
    this.port = port
    this.#args = args
    this.#mode = mode
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts it, or starts it anew after {@link kill}. */
  async start(args: readonly string[] = []): Promise<void> {
    const place = ['--port', String(this.port), '--bind', '127.0.0.1']
    this.#child = spawn('redis-server', [...this.#mode, ...place, ...this.#args, ...args], {
      stdio: 'ignore',
    })
    const givenUpMs = performance.now() + PATIENCE_MS
    while (!(await this.#listens())) {
      if (performance.now() > givenUpMs || this.#child.exitCode !== null)
        throw new Error('redis-server does not start')
      await delay(20)
    }
  }

  /** Resolves when it has ended. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await ended
  }

  /** It keeps its connections, and answers nothing. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  /** One command by `redis-cli`; its output. */
  command(...words: readonly string[]): string {
    const { stdout, stderr } = spawnSync('redis-cli', ['-p', String(this.port), ...words], {
      encoding: 'utf8',
    })
    return `${stdout}${stderr}`.trim()
  }

  /** As {@link command}, while this process goes on. */
  async commandBeside(...words: readonly string[]): Promise<void> {
    const child = spawn('redis-cli', ['-p', String(this.port), ...words], { stdio: 'ignore' })
    await new Promise((resolve) => child.once('close', resolve))
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
  }
}

/** @param args Of redis-server. */
export async function startRedis(t: Cleanup, args: readonly string[] = []): Promise<Redis> {
  const redis = new Redis(await freePort(), args)
  t.onTestFinished(() => redis.kill())
  await redis.start()
  return redis
}
