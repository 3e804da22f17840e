/**
 * Something that an upstream fetches for itself and uses for a while, such as an access token: one request at a time,
 * for all who wait.
 *
 *   none     -> fetched by whoever needs it first, or at the start
 *   in use   -> used at once, and renewed ahead of its end by a timer
 *   failing  -> not asked again for a while, whoever wants it; what is in use goes on to be used
 */
import type { CancelSignal } from '../core/cancellation.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { UpstreamObserver } from '../core/observed/observer.ts'
import { STOPPING, type Temporary } from '../core/result.ts'
import type { FetchStatus } from '../core/status.ts'

/** Time between two requests after a failure, ms. Ours: recovery is seen within a second. */
export const RETRY_MS = 1000

export interface FetchFailure {
  readonly failure: Temporary
  /** An exception that should not be. */
  readonly defect?: unknown
}

export interface OwnFetchOptions<T, F extends FetchFailure> {
  /** Both as in the status. */
  readonly what: string
  readonly title: string
  /** What is in the log when it begins to fail, and when that is over. */
  readonly texts: Readonly<Record<'failing' | 'valid', string>>
  /** Where it is fetched now: host and port. */
  readonly endpoint: () => string
  /** False: nothing is fetched. Default: always true. */
  readonly isNeeded?: () => boolean
  /** Asks once. Does not reject. */
  readonly request: () => Promise<{ readonly value: T } | F>
  /** Called with a failure that counts: nothing was changed or stopped meanwhile. */
  readonly onFailure?: (failure: F) => void
  readonly isUsable: (value: T) => boolean
  /** Time until it is renewed, ms. */
  readonly renewInMs: (value: T) => number
  /** Time in which nothing is asked after a failure, ms. Default {@link RETRY_MS}. */
  readonly retryMs?: (failure: F, failuresBefore: number) => number
  /** Time until it is asked for again while an older one is used, ms. Default: as without one. */
  readonly retryInUseMs?: number
  /** What the status says of one; undefined where it is over. */
  readonly shown: (value: T) => Pick<FetchStatus, 'detail' | 'fetchedAtMs' | 'expiresAtMs'> | undefined
  readonly clock: Clock
  readonly observer: Pick<UpstreamObserver, 'fetchChanged'>
  readonly onDefect: (error: unknown) => void
}

export class OwnFetch<T, F extends FetchFailure = FetchFailure> {
  readonly #options: OwnFetchOptions<T, F>
  #value: T | undefined
  #failure: Temporary | undefined
  #failuresInRow = 0
  /** Monotonic ms before which nothing is asked after a failure. */
  #quietUntilMs = Number.NEGATIVE_INFINITY
  /** When the last request began, monotonic ms. */
  #askedMs = Number.NEGATIVE_INFINITY
  /** The request under way; another one takes its place after {@link restart}. */
  #fetching: Promise<{ readonly value: T } | FetchFailure> | undefined
  #timer: Timer | undefined
  #state: 'idle' | 'renewing' | 'stopped' = 'idle'

  constructor(options: OwnFetchOptions<T, F>) {
    this.#options = options
  }

  /** The one in use; undefined where it has to be waited for. */
  get current(): T | undefined {
    const value = this.#value
    return value !== undefined && this.#options.isUsable(value) ? value : undefined
  }

  /** The one that was fetched last, be it usable or not. */
  get newest(): T | undefined {
    return this.#value
  }

  /** Why the last request failed. */
  get failure(): Temporary | undefined {
    return this.#state === 'stopped' ? STOPPING : this.#failure
  }

  get isFetching(): boolean {
    return this.#fetching !== undefined
  }

  get askedMs(): number {
    return this.#askedMs
  }

  /** Keeps one ready from now on. */
  start(): void {
    if (this.#state !== 'idle' || !this.#isNeeded) return
    this.#state = 'renewing'
    if (this.current === undefined) void this.fetch()
    else this.#renewLater()
  }

  /**
   * Waits for the request under way, or for another one unless the last has just failed. Does not reject.
   *
   * @returns Undefined where it takes longer.
   */
  wait(timeoutMs: number, signal?: CancelSignal): Promise<{ readonly value: T } | FetchFailure | undefined> {
    const { clock } = this.#options
    const failure = this.#failure
    if (this.#state === 'stopped') return Promise.resolve({ failure: STOPPING })
    if (failure !== undefined && !this.isFetching && clock.monotonicMs() < this.#quietUntilMs)
      return Promise.resolve({ failure })
    const fetching = this.fetch()
    return new Promise((resolve) => {
      const end = (reply: { readonly value: T } | FetchFailure | undefined): void => {
        timer.cancel()
        signal?.removeEventListener('abort', giveUp)
        resolve(reply)
      }
      const giveUp = (): void => end(undefined)
      const timer = clock.after(timeoutMs, giveUp)
      signal?.addEventListener('abort', giveUp)
      void fetching.then(end)
    })
  }

  /** One request, whoever asks. Does not reject. */
  fetch(): Promise<{ readonly value: T } | FetchFailure> {
    if (!this.#isNeeded || this.#state === 'stopped') return Promise.resolve({ failure: STOPPING })
    if (this.#fetching !== undefined) return this.#fetching
    this.#timer?.cancel()
    this.#askedMs = this.#options.clock.monotonicMs()
    const fetching = this.#request(() => this.#fetching === fetching)
    this.#fetching = fetching
    return fetching
  }

  /** The one in use is not used any more. */
  drop(): void {
    this.#value = undefined
  }

  /** It is fetched in another way from now on: what was being fetched, and what failed, does not count. */
  restart(): void {
    this.#fetching = undefined
    this.#failure = undefined
    this.#failuresInRow = 0
    this.#quietUntilMs = Number.NEGATIVE_INFINITY
    if (this.#state === 'renewing') this.#renewLater()
  }

  status(): FetchStatus {
    const { what, title, endpoint, shown } = this.#options
    const failure = this.#failure
    const inUse = this.#value === undefined ? undefined : shown(this.#value)
    return {
      what,
      title,
      endpoint: endpoint(),
      state: failure !== undefined ? 'failing' : inUse === undefined ? 'none' : 'valid',
      ...inUse,
      ...(failure !== undefined && { lastFailure: failure.reason }),
    }
  }

  /** Nothing is fetched any more. */
  stop(): void {
    this.#state = 'stopped'
    this.#timer?.cancel()
    this.#timer = undefined
  }

  get #isNeeded(): boolean {
    return this.#options.isNeeded?.() ?? true
  }

  async #request(isWanted: () => boolean): Promise<{ readonly value: T } | F> {
    const reply = await this.#options.request()
    // In another way than now, or too late: whoever waited for it may still use it.
    if (!isWanted() || this.#state === 'stopped') return reply
    this.#fetching = undefined
    this.#take(reply)
    if (this.#state === 'renewing') this.#renewLater()
    return reply
  }

  #take(reply: { readonly value: T } | F): void {
    const { clock, observer, onDefect, onFailure, retryMs, texts, what } = this.#options
    const wasFailing = this.#failure !== undefined
    if ('value' in reply) {
      this.#value = reply.value
      this.#failure = undefined
      this.#failuresInRow = 0
      if (wasFailing) observer.fetchChanged({ what, state: 'valid', text: texts.valid })
      return
    }
    if (reply.defect !== undefined) onDefect(reply.defect)
    this.#failure = reply.failure
    this.#quietUntilMs = clock.monotonicMs() + (retryMs?.(reply, this.#failuresInRow) ?? RETRY_MS)
    this.#failuresInRow++
    const { reason: failure } = reply.failure
    if (!wasFailing) observer.fetchChanged({ what, state: 'failing', text: texts.failing, failure })
    onFailure?.(reply)
  }

  #renewLater(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (!this.#isNeeded) return
    this.#timer = this.#options.clock.after(this.#renewInMs(), () => void this.fetch())
  }

  #renewInMs(): number {
    const { clock, renewInMs, retryInUseMs } = this.#options
    if (this.#failure === undefined) return this.#value === undefined ? 0 : renewInMs(this.#value)
    if (retryInUseMs !== undefined && this.current !== undefined) return retryInUseMs
    return Math.max(0, this.#quietUntilMs - clock.monotonicMs())
  }
}
