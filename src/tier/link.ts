/**
 * The way to the shared store, with a circuit of its own.
 *
 *   up      asked; a reply that is not there in time opens the circuit at once
 *   down    not asked; a probe every quarter of a second closes it again
 *
 * A lookup may ask for several keys, and waits for the limit once in all. A single late reply opens the circuit, since each costs a
 * lookup the whole limit: what is lost meanwhile is a question to the service. A probe that is as quick as it should be, and what was
 * missed meanwhile, close it.
 */
import type { TierWait } from '../core/cache/answer-tier.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { SlotList, type Slotted } from '../core/collections/slot-list.ts'
import type { TierObserver } from '../core/observed/observer.ts'
import type { Connection, ConnectionOptions, Reply } from './connection.ts'
import { ServerClock } from './server-clock.ts'
import { whyOf } from './why.ts'

/** Least time for which the circuit is open, ms. Ours: longer than a lookup asks for all its keys. */
const OPEN_FOR_MS = 250

/** Longest time between two probes, ms: it is used again within two seconds of being well. */
const MAX_OPEN_FOR_MS = 500

/** How long the circuit must have been closed to be opened for the shortest time again, ms. Ours. */
const STEADY_MS = 10_000

/** Longest time for a probe, a connection and the look for purges, ms; then a new connection is tried. */
const PROBE_TIMEOUT_MS = 1000

/** Replies of which one must be in time. Ours: this program may have been busy with something else. */
const PROBES = 3

/** How often it is looked for purges that no message told of, and the clocks are compared, ms. */
const POLL_EVERY_MS = 2000

/** A timer that is later than this, ms, was held up by this program itself. Ours. */
const BUSY_MS = 5

interface LinkOptions {
  readonly clock: Clock
  /** How long a question waits for its reply, ms. */
  readonly timeoutMs: number
  readonly observer: TierObserver
  readonly open: (parts: Pick<ConnectionOptions, 'timeoutMs' | 'onMessage' | 'onEnd'>) => Promise<Connection>
  readonly onMessage: (channel: string, message: string) => void
  /** Called before {@link LinkOptions.catchUp} when the server's clock was set back: nothing counts that was stored until `untilMs`, server ms. */
  readonly onSetBack: (untilMs: number) => void
  /** Called before it is used, and every two seconds while it is: catches up with the purges. Rejects when it cannot. */
  readonly catchUp: (connection: Connection, isNew: boolean) => Promise<void>
}

/** A question that waits for its reply. */
interface Read extends Slotted {
  readonly startMs: number
  /** How long it may wait, ms: less than others where its lookup has waited before. */
  readonly limitMs: number
  readonly wait: TierWait | undefined
  readonly resolve: (reply: Reply | undefined) => void
  timer: Timer | undefined
  isExtended: boolean
}

export class Link {
  readonly #options: LinkOptions
  readonly #reads = new SlotList<Read>()
  readonly #serverClock: ServerClock
  #connection: Connection | undefined
  /** The connection that is being opened. */
  #opening: Promise<Connection> | undefined
  #state: 'down' | 'up' | 'closed' = 'down'
  #lastFailure: string | undefined
  #openForMs = OPEN_FOR_MS
  #upSinceMs = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #wasTold = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#serverClock = new ServerClock(options.clock, options.onSetBack)
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  /** Why it is not used. */
  get lastFailure(): string | undefined {
    return this.#state === 'up' ? undefined : this.#lastFailure
  }

  /** The connection while it is used. */
  get connection(): Connection | undefined {
    return this.#state === 'up' ? this.#connection : undefined
  }

  /** Tries it from now on. */
  start(): void {
    void this.#probe()
  }

  close(): void {
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#drop()
  }

  /** The server's clock, ms. */
  nowMs(): number {
    return this.#serverClock.nowMs()
  }

  /** The earliest that it may show now, ms. */
  earliestMs(): number {
    return this.#serverClock.earliestMs()
  }

  /**
   * @param wait Of a lookup that may ask several times, and waits for the limit once in all.
   * @returns Undefined at once when it is not asked now; the promise does not reject, and has undefined where there is no reply.
   */
  read(wait: TierWait | undefined, ...command: readonly string[]): Promise<Reply | undefined> | undefined {
    const { clock, observer, timeoutMs } = this.#options
    const connection = this.#connection
    const limitMs = timeoutMs - (wait?.tierWaitedMs ?? 0)
    if (this.#state !== 'up' || connection === undefined || limitMs <= 0) {
      observer.failed('skipped')
      return undefined
    }
    return new Promise((resolve) => {
      const startMs = clock.monotonicMs()
      const read: Read = { startMs, limitMs, wait, resolve, timer: undefined, isExtended: false }
      this.#reads.add(read)
      read.timer = clock.after(limitMs, () => this.#late(read))
      connection.send(...command).then(
        (reply) => this.#replied(read, reply),
        (error: Error) => this.#failed(read, error),
      )
    })
  }

  /**
   * Asks what nobody else can answer: also while lookups do without the store, as long as there is a connection, and for longer.
   * Rejects with what went wrong: then it is not known what came of the command.
   */
  async command(...words: readonly string[]): Promise<Reply> {
    const connection = this.#connection ?? (await this.#opening)
    if (connection === undefined || this.#state === 'closed')
      throw new Error(this.#lastFailure ?? 'there is no connection yet')
    return this.#inTime(connection.send(...words))
  }

  #replied(read: Read, reply: Reply): void {
    if (!this.#reads.has(read)) return // given up
    const { clock, observer } = this.#options
    observer.replied(clock.monotonicMs() - read.startMs, Buffer.isBuffer(reply) ? reply.length : 0)
    this.#end(read, reply)
  }

  #failed(read: Read, error: Error): void {
    if (!this.#reads.has(read)) return
    this.#options.observer.failed('error')
    this.#end(read, undefined)
    // Somebody put something else under this name; all other names are well.
    if (!error.message.startsWith('WRONGTYPE')) this.#down(whyOf(error))
  }

  #late(read: Read): void {
    const { clock, timeoutMs, observer } = this.#options
    const busyMs = clock.monotonicMs() - read.startMs - read.limitMs
    if (busyMs > BUSY_MS && !read.isExtended) {
      // This program was busy, so that the question went out late, or its reply was not read yet.
      read.isExtended = true
      read.timer = clock.after(Math.min(busyMs, read.limitMs), () => this.#late(read))
      return
    }
    // A timer runs before the sockets are read.
    clock.afterTurn(() => {
      if (!this.#reads.has(read)) return
      observer.failed('timeout')
      // Late for this lookup, and not by itself.
      if (read.limitMs < timeoutMs) this.#end(read, undefined)
      else this.#down(`no reply within ${timeoutMs} ms`)
    })
  }

  #end(read: Read, reply: Reply | undefined): void {
    read.timer?.cancel()
    if (read.wait !== undefined) read.wait.tierWaitedMs += this.#options.clock.monotonicMs() - read.startMs
    this.#reads.delete(read)
    read.resolve(reply)
  }

  /** Opens the circuit: nobody waits for it any more. */
  #down(why: string): void {
    const { clock, observer } = this.#options
    this.#lastFailure = why
    if (this.#state !== 'up') return
    this.#state = 'down'
    this.#wasTold = true
    observer.changed(false, why)
    for (const read of this.#reads.toArray()) this.#end(read, undefined)
    const wasSteady = clock.monotonicMs() - this.#upSinceMs >= STEADY_MS
    this.#openForMs = wasSteady ? OPEN_FOR_MS : Math.min(2 * this.#openForMs, MAX_OPEN_FOR_MS)
    this.#next(this.#openForMs, () => this.#probe())
  }

  #next(delayMs: number, run: () => Promise<void>): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(delayMs, () => void run())
  }

  #drop(): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.close()
  }

  async #probe(): Promise<void> {
    const { clock, timeoutMs, observer, catchUp } = this.#options
    try {
      const isNew = this.#connection === undefined
      if (isNew) this.#opening = this.#open()
      const connection = this.#connection ?? (await this.#opening)
      if (connection === undefined) throw new Error('the connection ended')
      this.#connection = connection
      let tookMs = Number.POSITIVE_INFINITY
      for (let tries = 0; tries < PROBES && tookMs > timeoutMs; tries++)
        tookMs = await this.#inTime(this.#serverClock.compare(connection))
      if (tookMs > timeoutMs) throw new Slow(`replies take ${Math.round(tookMs)} ms`)
      await this.#inTime(catchUp(connection, isNew))
      if (this.#state === 'closed' || this.#connection !== connection) throw new Error('the connection ended')
      this.#state = 'up'
      this.#upSinceMs = clock.monotonicMs()
      observer.changed(true, '')
      this.#next(POLL_EVERY_MS, () => this.#poll())
    } catch (error) {
      if (!(error instanceof Slow)) this.#drop()
      if (this.#state === 'closed') return
      this.#lastFailure = whyOf(error)
      if (!this.#wasTold) observer.changed(false, this.#lastFailure)
      this.#wasTold = true
      this.#next(Math.max(this.#openForMs, OPEN_FOR_MS), () => this.#probe())
    } finally {
      this.#opening = undefined
    }
  }

  async #poll(): Promise<void> {
    const connection = this.#connection
    if (connection === undefined || this.#state !== 'up') return
    try {
      await this.#inTime(this.#serverClock.compare(connection))
      await this.#inTime(this.#options.catchUp(connection, false))
      if (this.#state === 'up') this.#next(POLL_EVERY_MS, () => this.#poll())
    } catch (error) {
      if (this.#connection !== connection) return
      this.#drop()
      this.#down(whyOf(error))
    }
  }

  async #open(): Promise<Connection> {
    let ended: Error | undefined
    // It may end before it is handed over.
    let connection: Connection | undefined
    connection = await this.#options.open({
      timeoutMs: PROBE_TIMEOUT_MS,
      onMessage: this.#options.onMessage,
      onEnd: (error) => {
        ended = error
        if (connection === undefined || this.#connection !== connection) return
        this.#connection = undefined
        this.#down(whyOf(error))
      },
    })
    if (ended !== undefined) throw ended
    if (this.#state !== 'closed') return connection
    connection.close()
    throw new Error('closed')
  }

  #inTime<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(PROBE_TIMEOUT_MS, () =>
        reject(new Error(`no reply within ${PROBE_TIMEOUT_MS} ms`)),
      )
      promise.then(resolve, reject).finally(() => timer.cancel())
    })
  }
}

/** It answers, and too late to be of use. */
class Slow extends Error {}
