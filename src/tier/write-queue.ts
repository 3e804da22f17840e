/**
 * What is written to the shared store behind the replies: in the order in which it came, a batch at a time. What the store does
 * not take fast enough is dropped, since each costs a question of another gateway at most. What must be deleted there is not: it
 * is deleted before the store is used again.
 */
import type { Clock, Timer } from '../core/clock.ts'
import type { TierObserver } from '../core/observed/observer.ts'
import type { Connection } from './connection.ts'

/** Writes that wait, most. Ours: some seconds of misses at the highest rate. */
const MAX_QUEUED = 10_000

/** Bytes that wait, most. Ours. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024

/** Writes that are under way at a time. Ours: enough for a round trip, and a reader waits for no more than these. */
const BATCH = 200

/** Pause after the store refused a write, ms: a full one (`maxmemory`) is not asked thousands of times a second. Ours. */
const PAUSE_MS = 1000

interface Write {
  readonly name: string
  /** Undefined: it is deleted. */
  readonly entry: Buffer | undefined
  readonly usefulForMs: number
}

export class WriteQueue {
  readonly #clock: Clock
  readonly #observer: TierObserver
  readonly #connection: () => Connection | undefined
  #queue: Write[] = []
  /** Names of what could not be deleted, or `too many`. */
  #undeleted: Set<string> | 'too many' = new Set()
  #bytes = 0
  #state: 'idle' | 'waiting' | 'writing' | 'closed' = 'idle'
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined

  /** @param connection Undefined while it is not used: then nothing is kept for later. */
  constructor(clock: Clock, observer: TierObserver, connection: () => Connection | undefined) {
    this.#clock = clock
    this.#observer = observer
    this.#connection = connection
  }

  get size(): number {
    return this.#queue.length
  }

  store(name: string, entry: Buffer, usefulForMs: number): void {
    const isPaused = this.#clock.monotonicMs() < this.#pausedUntilMs
    if (isPaused || this.#bytes + entry.length > MAX_QUEUED_BYTES) this.#observer.wrote('dropped', 1, 0)
    else this.#add({ name, entry, usefulForMs })
  }

  delete(name: string): void {
    this.#add({ name, entry: undefined, usefulForMs: 0 })
  }

  /**
   * Deletes what could not be deleted before. Called before the store is used, and every two seconds while it is.
   *
   * @returns False when there was too much to remember: then anything may be there that should not.
   */
  async catchUp(connection: Connection): Promise<boolean> {
    if (this.#undeleted === 'too many') {
      this.#undeleted = new Set()
      return false
    }
    const undeleted = this.#undeleted
    while (undeleted.size > 0) {
      const some = Array.from(undeleted).slice(0, BATCH)
      await Promise.all(some.map((name) => connection.send('DEL', name)))
      for (const name of some) undeleted.delete(name)
    }
    return true
  }

  /** Comes in the place of another, whose names may be others. */
  takeOver(before: WriteQueue): void {
    const [queue, undeleted] = [before.#queue, before.#undeleted]
    const isAll = undeleted !== 'too many' && undeleted.size === 0 && queue.every(({ entry }) => entry)
    if (!isAll) this.#undeleted = 'too many'
  }

  close(): void {
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#queue = []
  }

  #add(write: Write): void {
    if (this.#state === 'closed') return
    if (this.#queue.length >= MAX_QUEUED || this.#connection() === undefined) {
      this.#drop(write)
      return
    }
    this.#queue.push(write)
    this.#bytes += write.entry?.length ?? 0
    if (this.#state === 'idle') this.#later()
  }

  #drop({ name, entry }: Write): void {
    if (entry === undefined) this.#keepUndeleted(name)
    else this.#observer.wrote('dropped', 1, 0)
  }

  #keepUndeleted(name: string): void {
    if (this.#undeleted === 'too many') return
    this.#undeleted.add(name)
    if (this.#undeleted.size > MAX_QUEUED) this.#undeleted = 'too many'
  }

  /** After the replies of this turn. */
  #later(): void {
    this.#state = 'waiting'
    this.#timer = this.#clock.afterTurn(() => void this.#write())
  }

  async #write(): Promise<void> {
    const connection = this.#connection()
    const batch = this.#queue.splice(0, BATCH)
    for (const { entry } of batch) this.#bytes -= entry?.length ?? 0
    if (connection === undefined) for (const write of batch) this.#drop(write)
    else {
      this.#state = 'writing'
      await Promise.all(batch.map((write) => this.#send(connection, write)))
    }
    if (this.#isClosed()) return
    if (this.#queue.length > 0) this.#later()
    else this.#state = 'idle'
  }

  /** Asked after a wait, in which it may have been closed. */
  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  async #send(connection: Connection, { name, entry, usefulForMs }: Write): Promise<void> {
    try {
      if (entry === undefined) await connection.send('DEL', name)
      else {
        await connection.send('SET', name, entry, 'PX', String(usefulForMs))
        this.#observer.wrote('stored', 1, entry.length)
      }
    } catch {
      if (entry === undefined) this.#keepUndeleted(name)
      this.#observer.wrote('failed', 1, 0)
      this.#pausedUntilMs = this.#clock.monotonicMs() + PAUSE_MS
    }
  }
}
