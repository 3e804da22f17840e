/**
 * The stream of purges in the store, `PREFIXpurges`: what is put there, for how long it is kept, and what was lost of it.
 *
 * Each entry has the id that the server gave it: its clock in ms, and a number within the ms.
 */
import type { Clock } from '../core/clock.ts'
import type { TierObserver } from '../core/observed/observer.ts'
import type { Connection, Reply } from './connection.ts'
import type { LatestFloor } from './floors.ts'
import { fieldsOf, type Purge } from './purge-entry.ts'
import { entriesOf, FIRST_ID, ID, idMs, type StreamEntry } from './stream.ts'

/** Purges that the stream keeps, about. Ours: of a gateway that was away for longer all answers are purged. */
const STREAM_LENGTH = 10_000

/** How long it keeps them, ms. Ours: longer than a gateway is away, and no longer, since keys are readable there. */
export const KEPT_MS = 7 * 86_400_000

/** How often one that is put there takes what is too old with it, ms. Ours. */
const TRIM_EVERY_MS = 3_600_000

/**
 * How far in the future a purge may be, ms. Ours: as far as a clock may have been set back, since then nothing counts up to what it
 * showed before. Beyond it somebody has made it up.
 */
const MAX_AHEAD_MS = 86_400_000

/** How much later than the server's clock, as this gateway knows it, an answer may say that it is, ms. Ours. */
const CLOCKS_AGREE_MS = 1000

/**
 * Entries that are read at first, and at most, at a time. Ours: one may be as long as the server allows, and a reply has a second.
 * What is read next is four times as much as long as it is short.
 */
const FIRST_PAGE = 16
const MAX_PAGE = 256

/** Characters of a page after which the next is not longer. Ours. */
const LONG_PAGE = 65_536

interface PurgeStreamOptions {
  readonly prefix: string
  readonly clock: Clock
  readonly observer: TierObserver
  /** The server's clock, ms. */
  readonly serverMs: () => number
}

export class PurgeStream {
  readonly #name: string
  readonly #clock: Clock
  readonly #serverMs: () => number
  readonly #observer: TierObserver
  /** Monotonic ms. */
  #trimAtMs = Number.NEGATIVE_INFINITY

  constructor({ prefix, clock, observer, serverMs }: PurgeStreamOptions) {
    this.#name = `${prefix}purges`
    this.#clock = clock
    this.#observer = observer
    this.#serverMs = serverMs
  }

  /** What a purge can say that it was at the latest. */
  get latest(): LatestFloor {
    return { atMs: this.#serverMs() + MAX_AHEAD_MS, onLater: () => this.#observer.fromFuture() }
  }

  /** When a purge was, server ms: now, where its id is made up. All that come after have ids behind that one. */
  atMs(id: string): number {
    if (idMs(id) <= this.latest.atMs) return idMs(id)
    this.#observer.fromFuture()
    return this.#serverMs() + CLOCKS_AGREE_MS
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

  /** What came behind one, page by page. */
  async *after(connection: Connection, id: string): AsyncGenerator<readonly StreamEntry[], void> {
    let last = id
    for (let count = FIRST_PAGE; ; ) {
      const page = entriesOf(
        await connection.send('XRANGE', this.#name, `(${last}`, '+', 'COUNT', String(count)),
      )
      yield page
      const end = page.at(-1)
      if (end === undefined || page.length < count) return
      last = end.id
      count = lengthOf(page) > LONG_PAGE ? FIRST_PAGE : Math.min(4 * count, MAX_PAGE)
    }
  }

  /**
   * Of a stream that is full, which has lost what came before.
   *
   * @returns The id of its first entry; undefined where nothing is missing, as in one that was emptied and started over.
   */
  async firstOfFull(connection: Connection): Promise<string | undefined> {
    if (Number(await connection.send('XLEN', this.#name)) < STREAM_LENGTH) return undefined
    const [first] = entriesOf(await connection.send('XRANGE', this.#name, '-', '+', 'COUNT', '1'))
    return first?.id
  }

  /**
   * Whether there were purges that are not in the stream any more, for a gateway that knows those up to `lastId`.
   *
   * @param wasAwayMs How long ago it looked last.
   * @returns Server ms before which anything may have been purged; undefined where nothing is missing.
   */
  async lostUntilMs(connection: Connection, lastId: string, wasAwayMs: number): Promise<number | undefined> {
    if (wasAwayMs >= KEPT_MS) return this.#serverMs()
    const first = await this.firstOfFull(connection)
    return first === undefined || idMs(first) <= idMs(lastId) ? undefined : this.atMs(first)
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

function lengthOf(page: readonly StreamEntry[]): number {
  let length = 0
  for (const { fields } of page) for (const value of fields.values()) length += value.length
  return length
}
