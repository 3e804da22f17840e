/**
 * The stream of purges in the store, `PREFIXpurges`: what is put there, for how long it is kept, and what was lost of it.
 *
 * Each entry has the id that the server gave it: its clock in ms, and a number within the ms.
 */
import type { Clock } from '../core/clock.ts'
import type { Connection, Reply } from './connection.ts'
import { fieldsOf, type Purge } from './purge-entry.ts'
import { entriesOf, FIRST_ID, ID, idMs, type StreamEntry } from './stream.ts'

/** Purges that the stream keeps, about. Ours: of a gateway that was away for longer all answers are purged. */
const STREAM_LENGTH = 10_000

/** How long it keeps them, ms. Ours: longer than a gateway is away, and no longer, since keys are readable there. */
const KEPT_MS = 7 * 86_400_000

/** How often one that is put there takes what is too old with it, ms. Ours. */
const TRIM_EVERY_MS = 3_600_000

/** Entries read at a time. */
export const PAGE = 1000

interface PurgeStreamOptions {
  readonly prefix: string
  readonly clock: Clock
  /** The server's clock, ms. */
  readonly serverMs: () => number
}

export class PurgeStream {
  readonly #name: string
  readonly #clock: Clock
  readonly #serverMs: () => number
  /** Monotonic ms. */
  #trimAtMs = Number.NEGATIVE_INFINITY

  constructor({ prefix, clock, serverMs }: PurgeStreamOptions) {
    this.#name = `${prefix}purges`
    this.#clock = clock
    this.#serverMs = serverMs
  }

  /** @returns The id. */
  async append(connection: Connection, purge: Purge): Promise<string> {
    const id = String(await this.#add(connection, fieldsOf(purge)))
    if (!ID.test(id)) throw new Error('the reply to XADD is no id; is this Valkey, or Redis 6 or later?')
    return id
  }

  /** The id of the latest. */
  async lastId(connection: Connection): Promise<string> {
    const [last] = entriesOf(await connection.send('XREVRANGE', this.#name, '+', '-', 'COUNT', '1'))
    return last?.id ?? FIRST_ID
  }

  /** At most {@link PAGE} that came behind one. */
  async after(connection: Connection, id: string): Promise<readonly StreamEntry[]> {
    return entriesOf(await connection.send('XRANGE', this.#name, `(${id}`, '+', 'COUNT', String(PAGE)))
  }

  /**
   * Whether there were purges that are not in the stream any more, for a gateway that knows those up to `lastId`.
   *
   * @param sinceMs Wall clock ms of when it looked last.
   * @returns Server ms before which anything may have been purged; undefined where nothing is missing.
   */
  async lostUntilMs(connection: Connection, lastId: string, sinceMs: number): Promise<number | undefined> {
    if (this.#clock.wallMs() - sinceMs >= KEPT_MS) return this.#serverMs()
    const [first] = entriesOf(await connection.send('XRANGE', this.#name, '-', '+', 'COUNT', '1'))
    if (first === undefined || idMs(first.id) <= idMs(lastId)) return undefined
    // One that was emptied and started over is shorter.
    const length = Number(await connection.send('XLEN', this.#name))
    return length < STREAM_LENGTH ? undefined : idMs(first.id)
  }

  /** A command trims either by age or by length. */
  async #add(connection: Connection, fields: readonly string[]): Promise<Reply> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#trimAtMs) {
      this.#trimAtMs = nowMs + TRIM_EVERY_MS
      const oldest = String(Math.floor(this.#serverMs() - KEPT_MS))
      try {
        return await connection.send('XADD', this.#name, 'MINID', '=', oldest, '*', ...fields)
      } catch (error) {
        // Redis before 6.2 has no MINID.
        if (!(error instanceof Error && error.message.startsWith('ERR syntax'))) throw error
      }
    }
    return connection.send('XADD', this.#name, 'MAXLEN', '~', String(STREAM_LENGTH), '*', ...fields)
  }
}
