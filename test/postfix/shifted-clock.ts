/**
 * The machine's clocks, with a jump forward now and then: for tests over real sockets, whose timers
 * must run by themselves, about answers that are hours old.
 */
import { type Clock, systemClock, type Timer } from '../../src/core/clock.ts'

export class ShiftedClock implements Clock {
  #shiftMs = 0

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#shiftMs
  }

  wallMs(): number {
    return systemClock.wallMs() + this.#shiftMs
  }

  /** Timers run when their time has really passed; a jump does not bring them forward. */
  after(delayMs: number, run: () => void): Timer {
    return systemClock.after(delayMs, run)
  }

  afterTurn(run: () => void): Timer {
    return systemClock.afterTurn(run)
  }

  /** Moves both clocks. */
  jump(ms: number): void {
    this.#shiftMs += ms
  }
}
