import { describe, expect, test } from 'vitest'
import { LossGuard } from '../../../../src/core/cache/loss-guard.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'

const MINUTE = 60_000

function setUp() {
  const clock = new ManualClock(0)
  const changes: boolean[] = []
  const guard = new LossGuard(clock, (isHolding) => changes.push(isHolding))
  const lose = (count: number, from = 0) => {
    for (let index = 0; index < count; index++) guard.lost(`k${from + index}`, clock.monotonicMs())
  }
  const find = (count: number) => {
    for (let index = 0; index < count; index++) guard.found(`f${index}`, clock.monotonicMs())
  }
  return { clock, guard, changes, lose, find }
}

describe('what counts as lost data where few keys are known', () => {
  test('is twenty lost keys, and not nineteen', () => {
    const { guard, lose } = setUp()
    lose(19)
    expect(guard.hasLostMany()).toBe(false)
    lose(1, 19)
    expect(guard.hasLostMany()).toBe(true)
  })

  for (const [found, isLoss] of [
    [70, true],
    [71, false],
  ] as const) {
    test(`is ${isLoss ? '' : 'not '}thirty lost keys beside ${found} found ones`, () => {
      const { guard, lose, find } = setUp()
      find(found)
      lose(30)
      expect(guard.hasLostMany()).toBe(isLoss)
    })
  }

  for (const [laterMs, isLoss] of [
    [290_000, true],
    [300_000, false],
  ] as const) {
    test(`${isLoss ? 'has' : 'has not'} what was lost ${laterMs} ms ago in it`, () => {
      const { clock, guard, lose } = setUp()
      lose(19)
      clock.advance(laterMs)
      lose(1, 19)
      expect(guard.hasLostMany()).toBe(isLoss)
    })
  }

  test('has every part of the five minutes in it, whenever they began', () => {
    for (const startMs of [10_000, 295_000, 3_610_000]) {
      const { clock, guard, lose, find } = setUp()
      clock.advance(startMs)
      find(71)
      lose(30)
      expect(guard.hasLostMany()).toBe(false)
      clock.advance(5000)
      lose(1, 30)
      expect(guard.hasLostMany()).toBe(true)
      clock.advance(300_000)
      expect(guard.lost('another', clock.monotonicMs())).toBe(startMs + 305_000)
      expect(guard.hasLostMany()).toBe(false)
      lose(19, 100)
      expect(guard.hasLostMany()).toBe(true)
    }
  })

  test('has a key that is asked for again and again in it once', () => {
    const { clock, guard } = setUp()
    for (let count = 0; count < 100; count++) guard.lost('k', clock.monotonicMs())
    expect(guard.hasLostMany()).toBe(false)
  })
})

describe('LossGuard', () => {
  test('knows when a key was noticed first, until it is found again or a quarter of an hour has gone by', () => {
    const { clock, guard } = setUp()
    expect(guard.lost('k', clock.monotonicMs())).toBe(0)
    clock.advance(15 * MINUTE - 1)
    expect(guard.lost('k', clock.monotonicMs())).toBe(0)
    clock.advance(1)
    expect(guard.lost('k', clock.monotonicMs())).toBe(15 * MINUTE)
    guard.found('k', clock.monotonicMs())
    clock.advance(1)
    expect(guard.lost('k', clock.monotonicMs())).toBe(15 * MINUTE + 1)
  })

  test('ends by itself fifteen minutes after the last lost key, though lost ones are asked for again', () => {
    const { clock, guard, lose, changes } = setUp()
    lose(1)
    guard.hold()
    clock.advance(10 * MINUTE)
    lose(1, 1)
    clock.advance(10 * MINUTE)
    lose(2)
    clock.advance(5 * MINUTE - 1)
    expect([guard.isHolding, changes]).toEqual([true, [true]])
    clock.advance(1)
    expect([guard.isHolding, changes, clock.timers]).toEqual([false, [true, false], 0])
  })

  test('tells each change once', () => {
    const { guard, changes } = setUp()
    guard.reset()
    guard.hold()
    guard.hold()
    guard.reset()
    guard.reset()
    expect(changes).toEqual([true, false])
  })

  test('ends, and counts anew, when all answers were purged', () => {
    const { clock, guard, lose, changes } = setUp()
    lose(25)
    guard.hold()
    guard.reset()
    expect([guard.hasLostMany(), changes, clock.timers]).toEqual([false, [true, false], 0])
  })

  test('ends by the word of the operator, which holds for what was found before it', () => {
    const { clock, guard, lose, changes } = setUp()
    lose(25)
    guard.hold()
    clock.advance(MINUTE)
    expect(guard.isConfirmed(MINUTE)).toBe(false)
    guard.confirm(clock.monotonicMs())
    expect([guard.isHolding, guard.hasLostMany(), changes]).toEqual([false, false, [true, false]])
    clock.advance(MINUTE)
    expect([guard.isConfirmed(MINUTE - 1), guard.isConfirmed(MINUTE)]).toEqual([false, true])
  })
})
