import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../../../src/core/clock.ts'
import { LoopWatch } from '../../../src/gateway/loop-watch.ts'

/** A clock whose one timer runs when the test says, however late. */
function lateClock() {
  let nowMs = 0
  let due: (() => void) | undefined
  const clock: Clock = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    after: (_delayMs, run) => {
      due = run
      return {
        cancel: () => {
          due = undefined
        },
      }
    },
    afterTurn: systemClock.afterTurn,
  }
  return {
    clock,
    tick(lagMs: number) {
      nowMs += 50 + lagMs
      due?.()
    },
    waits: () => due !== undefined,
  }
}

test('tells once when an overload begins, and no longer is one as soon as the loop keeps up', () => {
  const { clock, tick, waits } = lateClock()
  let told = 0
  const watch = new LoopWatch(clock)
  watch.start(() => told++)
  for (let ms = 0; ms <= 3000; ms += 500) tick(500)
  expect([watch.overloaded, told]).toEqual([true, 1])
  tick(0)
  expect(watch.overloaded).toBe(false)
  watch.stop()
  expect(waits()).toBe(false)
})
