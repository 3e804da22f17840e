/**
 * How many requests of one upstream may be under way, and who waits for a place.
 *
 *   waiting lookup     a free place, else the queue, else shed at once
 *   background         a free place that is not the last, else nothing
 *
 * When places are short, requests that nobody waits for are cancelled, oldest first: one for
 * each lookup in the queue. A place is free when its request has really ended, so the service never
 * sees more than `maxConcurrent`.
 */
import type { Clock, Timer } from '../clock.ts'
import { SlotList, type Slotted } from '../slot-list.ts'

export interface LimiterLimits {
  /** Requests under way. */
  readonly maxConcurrent: number
  /** Lookups that wait for a place. */
  readonly maxQueued: number
}

/** Who wants a place. */
export interface Claim extends Slotted {
  /** True when nobody waits for the answer. Read each time it matters: it changes. */
  readonly background: boolean
  /** Ends the request, because its place is needed. The place must still be released. */
  cancel(): void
}

interface Queued {
  readonly timer: Timer
  readonly done: (gotPlace: boolean) => void
}

export class Limiter {
  limits: LimiterLimits
  readonly #clock: Clock
  readonly #holders = new SlotList<Claim>()
  readonly #cancelled = new Set<Claim>()
  /** In the order of arrival. */
  readonly #queue = new Map<Claim, Queued>()

  constructor(limits: LimiterLimits, clock: Clock) {
    this.limits = limits
    this.#clock = clock
  }

  get inFlight(): number {
    return this.#holders.size
  }

  get queued(): number {
    return this.#queue.size
  }

  /**
   * Asks for a place.
   *
   * @param deadlineMs Monotonic ms until which the claim waits in the queue.
   * @returns true: it has the place and must {@link release} it. false: shed. A promise: it waits;
   *   false then means that its time ran out, or that it gave way to a waiting lookup.
   */
  take(claim: Claim, deadlineMs: number): boolean | Promise<boolean> {
    if (this.#hasRoomFor(claim.background)) {
      this.#holders.add(claim)
      return true
    }
    if (claim.background) return false
    if (this.#queue.size >= this.limits.maxQueued && !this.#dropUnwanted()) return false
    return this.#enqueue(claim, deadlineMs)
  }

  /** Takes a place only if it is free and not the last: for a hedge. */
  takeSpare(claim: Claim): boolean {
    if (!this.#hasRoomFor(true)) return false
    this.#holders.add(claim)
    return true
  }

  /** Tells whether {@link take} would shed. */
  wouldShed(background: boolean): boolean {
    if (this.#hasRoomFor(background)) return false
    return background || (this.#queue.size >= this.limits.maxQueued && this.#unwantedInQueue() === undefined)
  }

  /** Gives a place back. The first in the queue gets it. */
  release(claim: Claim): void {
    this.#cancelled.delete(claim)
    if (!this.#holders.delete(claim)) return
    while (this.#queue.size > 0 && this.#holders.size < this.limits.maxConcurrent) {
      const next = this.#nextInQueue()
      if (next === undefined) return
      this.#holders.add(next)
      this.#leaveQueue(next, true)
    }
  }

  /** Cancels requests that nobody waits for, as many as lookups wait. To be called when one may have become so. */
  readonly makeRoom = (): void => {
    if (this.#queue.size === 0) return
    for (const claim of this.#holders.toArray()) {
      const holds = this.#holders.has(claim) // cancelling another one may have ended it
      if (!holds || !claim.background || this.#cancelled.has(claim)) continue
      if (!this.#moreWaitThan(this.#cancelled.size)) return
      this.#cancelled.add(claim)
      claim.cancel()
    }
  }

  /** Ends every request under way and turns everybody in the queue away: the program ends. */
  cancelAll(): void {
    for (const claim of [...this.#queue.keys()]) this.#leaveQueue(claim, false)
    for (const claim of this.#holders.toArray()) claim.cancel()
  }

  #hasRoomFor(background: boolean): boolean {
    const free = this.limits.maxConcurrent - this.#holders.size
    if (this.#queue.size > 0 || free <= 0) return false
    // With a single place in all, the last one is the only one; it can be taken back.
    return !background || free > 1 || this.limits.maxConcurrent === 1
  }

  #enqueue(claim: Claim, deadlineMs: number): Promise<boolean> {
    return new Promise((done) => {
      const waitMs = Math.max(0, deadlineMs - this.#clock.monotonicMs())
      const timer = this.#clock.after(waitMs, () => this.#leaveQueue(claim, false))
      this.#queue.set(claim, { timer, done })
      this.makeRoom()
    })
  }

  #leaveQueue(claim: Claim, gotPlace: boolean): void {
    const queued = this.#queue.get(claim)
    this.#queue.delete(claim)
    queued?.timer.cancel()
    queued?.done(gotPlace)
  }

  /** Who waits goes before who is not waited for any more. */
  #nextInQueue(): Claim | undefined {
    let first: Claim | undefined
    for (const claim of this.#queue.keys()) {
      if (!claim.background) return claim
      first ??= claim
    }
    return first
  }

  /** Those in the queue who gave up by now need no place made for them. */
  #moreWaitThan(count: number): boolean {
    if (this.#queue.size <= count) return false
    let waiting = 0
    for (const claim of this.#queue.keys()) if (!claim.background && ++waiting > count) return true
    return false
  }

  #unwantedInQueue(): Claim | undefined {
    for (const claim of this.#queue.keys()) if (claim.background) return claim
    return undefined
  }

  #dropUnwanted(): boolean {
    const claim = this.#unwantedInQueue()
    if (claim === undefined) return false
    this.#leaveQueue(claim, false)
    return true
  }
}
