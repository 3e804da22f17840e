/**
 * How old a copy is, and when its list is asked for.
 */
import { describe, expect, test } from 'vitest'
import { CopyAge } from '../../../../src/upstreams/replica/copy-age.ts'
import { nextRefreshInMs } from '../../../../src/upstreams/replica/schedule.ts'

function clockAt(monotonicMs: number, wallMs: number) {
  const clock = { nowMs: monotonicMs, wall: wallMs }
  return {
    clock,
    age: new CopyAge({
      monotonicMs: () => clock.nowMs,
      wallMs: () => clock.wall,
      after: () => ({ cancel: () => {} }),
      afterTurn: () => ({ cancel: () => {} }),
    }),
  }
}

describe('the age of a copy', () => {
  test('is infinite without one', () => {
    expect(clockAt(0, 0).age.ms()).toBe(Number.POSITIVE_INFINITY)
  })

  test('is the larger one of both clocks', () => {
    const { clock, age } = clockAt(1000, 1_000_000)
    age.set(1000, 1_000_000)
    clock.nowMs = 4000
    expect(age.ms()).toBe(3000)
    clock.wall = 1_600_000 // the machine slept
    expect(age.ms()).toBe(600_000)
    clock.wall = 0 // the clock was set back
    expect(age.ms()).toBe(3000)
    expect(age.ms(5000)).toBe(4000)
  })

  test('goes on over a restart', () => {
    const { clock, age } = clockAt(50, 1_000_000)
    age.restore(400_000)
    expect(age.ms()).toBe(600_000)
    clock.nowMs = 1050
    expect(age.ms()).toBe(601_000)
  })

  for (const [aheadMs, expected] of [
    [60_000, 0],
    [60_001, Number.POSITIVE_INFINITY],
  ] as const) {
    test(`of ${aheadMs} ms in the future is ${expected}`, () => {
      const { age } = clockAt(50, 1_000_000)
      age.restore(1_000_000 + aheadMs)
      expect(age.ms()).toBe(expected)
    })
  }
})

describe('the next list is asked for', () => {
  for (const [name, ageMs, failures, random, expected] of [
    ['at once without a copy', Number.POSITIVE_INFINITY, 0, 0.5, 0],
    ['after the whole time, right after a copy', 0, 0, 0.5, 300_000],
    ['a tenth earlier', 0, 0, 0, 270_000],
    ['for the rest of the time, with a copy of before the start', 100_000, 0, 0.5, 200_000],
    ['at once when that is over', 300_001, 0, 0.5, 0],
    ['in 5 s after a failure', 0, 1, 0.5, 5000],
    ['in 10 s after the second one', Number.POSITIVE_INFINITY, 2, 0.5, 10_000],
    ['never later than usual', 0, 50, 0.5, 300_000],
  ] as const) {
    test(name, () => {
      expect(nextRefreshInMs(300_000, ageMs, failures, random)).toBe(expected)
    })
  }
})
