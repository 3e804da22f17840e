/**
 * The taking of answers of an earlier run while lookups are answered already. They are older than whatever the store
 * has learnt since: a key that was stored, deleted or purged meanwhile keeps what it has.
 */
import type { Clock, Instant } from '../clock.ts'
import type { AnswerStore, NewAnswer, Restoring } from './answer-store.ts'

export class EarlierAnswers implements Restoring {
  /** Resolves when every answer is there. */
  readonly ended: Promise<void>
  readonly #store: AnswerStore
  readonly #generation: number
  readonly #changed = new Set<string>()
  #resolve: () => void = () => {}

  constructor(store: AnswerStore) {
    this.#store = store
    this.#generation = store.generation
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Called when a key is stored or deleted by anything else. */
  changed(storeKey: string): void {
    this.#changed.add(storeKey)
  }

  add(storeKey: string, answer: NewAnswer, now: Instant): void {
    if (this.#changed.has(storeKey) || this.#store.purgedSince(this.#generation, storeKey)) return
    this.#store.restore(storeKey, answer, now)
  }

  endedBy(deadlineMs: number, clock: Clock): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.after(Math.max(0, deadlineMs - clock.monotonicMs()), resolve)
      void this.ended.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  end(): void {
    this.#changed.clear()
    this.#resolve()
  }
}
