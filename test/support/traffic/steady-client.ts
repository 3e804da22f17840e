/**
 * A normal client: asks one question after another on connections of its own, checks every answer, and
 * keeps how long each took. Runs beside attacks, in tests and in `bench`.
 */
import type { Address } from '../../../src/core/system/address.ts'
import { type AskedProtocol, CheckedConnection } from './checked-connection.ts'

export interface SteadyClientOptions {
  readonly protocol: AskedProtocol
  /** A port on loopback, or the path of a unix socket. */
  readonly port: number | string
  readonly table: string
  /** The question number `n`, and the only value that may answer it. */
  readonly question: (n: number) => { readonly key: string; readonly value: string }
  /** Pause between two questions, ms. Default 2. */
  readonly pauseMs?: number
  /** Questions on one connection. Default 20: so that new connections are tried too. */
  readonly perConnection?: number
}

export interface SteadyReport {
  readonly answers: number
  /** Empty when every answer was right. */
  readonly wrong: readonly string[]
  readonly p99Ms: number
  readonly longestMs: number
}

export class SteadyClient {
  readonly #options: SteadyClientOptions
  readonly #waitsMs: number[] = []
  readonly #wrong: string[] = []
  readonly #ended: Promise<void>
  #running = true
  #asked = 0

  constructor(options: SteadyClientOptions) {
    this.#options = options
    this.#ended = this.#run()
  }

  /** Questions answered so far. */
  get answers(): number {
    return this.#waitsMs.length
  }

  /** Ends after the question under way. */
  async stop(): Promise<SteadyReport> {
    this.#running = false
    await this.#ended
    const sorted = this.#waitsMs.toSorted((a, b) => a - b)
    return {
      answers: sorted.length,
      wrong: this.#wrong,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
      longestMs: sorted.at(-1) ?? Number.NaN,
    }
  }

  async #run(): Promise<void> {
    const { port, protocol, table, question, pauseMs = 2, perConnection = 20 } = this.#options
    const address: Address & { kind: 'inet' | 'unix' } =
      typeof port === 'string' ? { kind: 'unix', path: port } : { kind: 'inet', host: '127.0.0.1', port }
    while (this.#running) {
      const connection = new CheckedConnection({
        address,
        protocol,
        replied: ({ key }, result, waitedMs) => {
          this.#waitsMs.push(waitedMs)
          const { value } = question(Number(key.replace(/\D/g, '')))
          if (result.kind !== 'found' || result.value !== value)
            this.#fails(`${key}: ${JSON.stringify(result)}`)
        },
        wrong: (what) => this.#fails(what),
      })
      for (let n = 0; n < perConnection && this.#running; n++) {
        await connection.ask([{ table, key: question(this.#asked++).key }], [100_000])
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
      connection.end()
      await connection.closed
    }
  }

  #fails(what: string): void {
    if (this.#wrong.length < 10) this.#wrong.push(what)
  }
}
