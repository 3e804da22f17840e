/**
 * Equal questions share one request: while it is pending, the others wait for its answer.
 *
 *   no request pending      -> ask the layer below
 *   one pending             -> wait for it
 *   one asked before a purge of its key -> not shared any more; ask again
 */
import type { Sourced } from '../result.ts'
import type { PendingRequest } from './pending-request.ts'

/** The layer below: asks, and answers by a promise that does not reject. */
export interface PendingRequestSource {
  ask(request: PendingRequest): Sourced | Promise<Sourced>
}

/** What knows the purges: an answer store. */
export interface Purges {
  purgedSince(generation: number, storeKey: string): boolean
}

/**
 * Holds a request until it has ended, and is emptied then, since the old tables of a map hold on to
 * what they had (slot-list.ts says why).
 */
interface Entry {
  request: PendingRequest | undefined
}

export class CoalescingUpstream {
  readonly #below: PendingRequestSource
  readonly #purges: Purges | undefined
  readonly #shares: boolean
  readonly #pending = new Map<string, Entry>()

  /**
   * @param purges Undefined where nothing is stored.
   * @param shares False where a lookup has side effects: each makes its own request.
   */
  constructor(below: PendingRequestSource, purges: Purges | undefined, shares: boolean) {
    this.#below = below
    this.#purges = purges
    this.#shares = shares
  }

  /** Requests that can be shared. */
  get size(): number {
    return this.#pending.size
  }

  /** The request that answers this question, too, if there is one. */
  pending(storeKey: string): PendingRequest | undefined {
    const request = this.#pending.get(storeKey)?.request
    if (request === undefined || this.#purges?.purgedSince(request.generation, storeKey)) return undefined
    return request
  }

  /**
   * Asks, and shares the request while it is pending.
   *
   * @returns The answer when it is available synchronously; else undefined, and it is to be waited for.
   */
  ask(request: PendingRequest): Sourced | undefined {
    const answer = this.#below.ask(request)
    if (!(answer instanceof Promise)) return answer
    const entry: Entry = { request }
    if (this.#shares) this.#pending.set(request.storeKey, entry)
    void this.#settle(entry, request, answer)
    return undefined
  }

  async #settle(entry: Entry, request: PendingRequest, pending: Promise<Sourced>): Promise<void> {
    const answer = await pending
    entry.request = undefined
    // Another one has taken its place where the key was purged meanwhile.
    if (this.#pending.get(request.storeKey) === entry) this.#pending.delete(request.storeKey)
    request.settle(answer)
  }
}
