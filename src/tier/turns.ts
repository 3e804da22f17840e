/**
 * Work that is done one after the other; what is wanted soon is done once, however many want it until it begins.
 */
import type { Clock } from '../core/clock.ts'

export class Turns {
  readonly #clock: Clock
  #last: Promise<void> = Promise.resolve()
  #isDue = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Does it after what came before. @throws (rejects) as it does. */
  run(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {}) // told to its caller
    return done
  }

  /** Does it after this turn, or with what others have asked for. It has nobody to tell of a failure. */
  soon(work: () => Promise<void>): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#clock.afterTurn(() => {
      const done = this.run(() => {
        this.#isDue = false
        return work()
      })
      done.catch(() => {})
    })
  }
}
