/**
 * Many clients of both protocols that check every reply: connections that come and go, pipelining,
 * bytes cut anywhere, clients that vanish in the middle or end their side early.
 *
 * The service behind the gateway must be a {@link KeyedService}, or answer as one.
 */

import type { LookupResult } from '../../../src/core/result.ts'
import type { Address } from '../../../src/core/system/address.ts'
import { type Asked, CheckedConnection, type WireProtocol } from './checked-connection.ts'
import { between, oneOf, type Random } from './seeded.ts'

export interface TrafficOptions {
  readonly random: Random
  readonly addresses: Readonly<Record<WireProtocol, Address & { readonly kind: 'inet' }>>
  /** The socketmap tables; tcp_table listeners have the first one. */
  readonly tables: readonly string[]
  readonly clients: number
  /** Longest pause of a client between two rounds, ms. */
  readonly pauseMs: number
  /** When a reply counts as late, ms. */
  readonly lateAfterMs: number
  /** How many different keys are asked again and again. */
  readonly keys: number
  /** The generation whose reload has ended, and the newest that has begun. */
  readonly generations: () => { readonly settled: number; readonly newest: number }
}

export interface TrafficCounts {
  connections: number
  cut: number
  found: number
  notfound: number
  temporary: number
  permanent: number
  /** Questions that waited longer at the head of their connection than `lateAfterMs`, while this process could run. */
  late: number
  /** Longest that one waited there, ms. */
  longestWaitMs: number
}

/** Wrong things kept; more say nothing new. */
const MAX_WRONG = 20

export class CheckedTraffic {
  readonly counts: TrafficCounts = {
    connections: 0,
    cut: 0,
    found: 0,
    notfound: 0,
    temporary: 0,
    permanent: 0,
    late: 0,
    longestWaitMs: 0,
  }
  /** What must not happen: empty when all is well. */
  readonly wrong: string[] = []
  readonly #options: TrafficOptions
  #running = true

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** Runs until {@link stop}; then every client finishes what it has begun. */
  async run(): Promise<void> {
    const clients = Array.from({ length: this.#options.clients }, () => this.#client())
    await Promise.all(clients)
  }

  stop(): void {
    this.#running = false
  }

  async #client(): Promise<void> {
    while (this.#running) await this.#connection()
  }

  async #connection(): Promise<void> {
    const { random, addresses, pauseMs } = this.#options
    const protocol = oneOf(random, ['socketmap', 'tcp_table'] as const)
    const connection = new CheckedConnection({
      address: addresses[protocol],
      protocol,
      replied: (asked, result, waitedMs, awakeMs) => this.#check(asked, result, waitedMs, awakeMs),
      wrong: (what) => this.#isWrong(`${protocol}: ${what}`),
    })
    this.counts.connections++
    for (let rounds = between(random, 1, 6); rounds > 0 && this.#running; rounds--) {
      const way = random()
      const { settled } = this.#options.generations()
      const answered = connection.ask(this.#questions(protocol), this.#cuts(), settled)
      if (way < 0.04) {
        await pause(between(random, 0, 30))
        this.counts.cut++
        connection.cut()
        break
      }
      if (way < 0.08) {
        connection.end()
        await connection.closed
        return
      }
      await answered
      await pause(between(random, 0, pauseMs))
    }
    connection.cut()
    await connection.closed
  }

  #questions(protocol: WireProtocol): { table: string; key: string }[] {
    const { random, tables } = this.#options
    const count = random() < 0.7 ? 1 : between(random, 2, 16)
    return Array.from({ length: count }, () => ({
      table: protocol === 'tcp_table' ? (tables[0] ?? '') : oneOf(random, tables),
      key: this.#key(),
    }))
  }

  /** Half of the keys come back often, so that the store answers; no two have the same value. */
  #key(): string {
    const { random, keys } = this.#options
    const number = Math.floor(random() * (random() < 0.5 ? keys / 20 : keys))
    const kind = random()
    if (kind < 0.1) return `absent${number}@a.example`
    if (kind < 0.2) return `With Space+%41 ${number} ü@b.example`
    return `${random() < 0.5 ? 'User' : 'user'}${number}@c.example`
  }

  #cuts(): number[] {
    const { random } = this.#options
    if (random() < 0.6) return [100_000]
    return Array.from({ length: between(random, 1, 6) }, () => between(random, 1, 40))
  }

  #check(asked: Asked, result: LookupResult, waitedMs: number, awakeMs: number): void {
    this.counts[result.kind]++
    if (awakeMs > this.#options.lateAfterMs) this.counts.late++
    this.counts.longestWaitMs = Math.max(this.counts.longestWaitMs, waitedMs)
    const why = this.#whyWrong(asked, result)
    if (why !== undefined) this.#isWrong(`${asked.table} ${asked.key}: ${why}`)
  }

  #whyWrong({ table, key, oldest }: Asked, result: LookupResult): string | undefined {
    const absent = key.startsWith('absent')
    switch (result.kind) {
      case 'notfound':
        return absent ? undefined : 'not found, though the service knows it'
      case 'permanent':
        return `permanent: ${result.reason}`
      case 'temporary':
        return result.cause === 'unreadable' && result.reason.startsWith('the server sent')
          ? result.reason
          : undefined
      case 'found': {
        const { newest } = this.#options.generations()
        const expected = `t-${table}=${key.toLowerCase()}=g`
        const generation = Number(result.value.slice(expected.length))
        const belongs = !absent && result.value.startsWith(expected)
        return belongs && generation >= oldest && generation <= newest ? undefined : `got ${result.value}`
      }
    }
  }

  #isWrong(what: string): void {
    if (this.wrong.length < MAX_WRONG) this.wrong.push(what)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
