/**
 * Tells one request that it is not wanted any more: the part of an AbortSignal that is needed here.
 *
 * Every attempt makes one and hardly any is used. An AbortController costs microseconds and
 * leaves much to the garbage collector each time (bench/RESULTS.md).
 */

/** What a request listens to; an AbortSignal is one. */
export interface CancelSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export class Cancellation implements CancelSignal {
  #state: 'wanted' | 'cancelled' = 'wanted'
  /** Hardly ever more than one. */
  #listeners: readonly (() => void)[] = NOBODY

  get aborted(): boolean {
    return this.#state === 'cancelled'
  }

  /** Calls every listener, the first time only. */
  cancel(): void {
    if (this.aborted) return
    this.#state = 'cancelled'
    const listeners = this.#listeners
    this.#listeners = NOBODY
    for (const listener of listeners) listener()
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = [...this.#listeners, listener]
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners =
      this.#listeners.length === 1 && this.#listeners[0] === listener
        ? NOBODY
        : this.#listeners.filter((other) => other !== listener)
  }
}

/** Shared, so that who has no listener costs nothing. */
export const NOBODY: readonly (() => void)[] = []
