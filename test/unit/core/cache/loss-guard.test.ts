import { describe, expect, test } from 'vitest'
import { LossGuard } from '../../../../src/core/cache/loss-guard.ts'

const MINUTE = 60_000

function setUp() {
  const changes: boolean[] = []
  const guard = new LossGuard((isHolding) => changes.push(isHolding))
  const lose = (count: number, nowMs: number, from = 0) =>
    Array.from({ length: count }, (_, index) => guard.lost(`k${from + index}`, nowMs))
  const find = (count: number, nowMs: number) => {
    for (let index = 0; index < count; index++) guard.found(`f${index}`, nowMs)
  }
  return { guard, changes, lose, find }
}

describe('LossGuard', () => {
  test('believes nineteen lost keys, and not the twentieth', () => {
    const { lose, changes } = setUp()
    expect(lose(19, MINUTE)).toEqual(new Array(19).fill(true))
    expect(changes).toEqual([])
    expect(lose(1, MINUTE, 19)).toEqual([false])
    expect(changes).toEqual([true])
  })

  for (const [found, isHeld] of [
    [70, true],
    [71, false],
  ] as const) {
    test(`${isHeld ? 'does not believe' : 'believes'} thirty lost keys beside ${found} found ones`, () => {
      const { lose, find } = setUp()
      find(found, MINUTE)
      expect(lose(30, MINUTE).at(-1)).toBe(!isHeld)
    })
  }

  for (const [laterMs, isHeld] of [
    [290_000, true],
    [300_000, false],
  ] as const) {
    test(`${isHeld ? 'counts' : 'forgets'} what was lost ${laterMs} ms ago`, () => {
      const { lose } = setUp()
      lose(19, 0)
      expect(lose(1, laterMs, 19)).toEqual([!isHeld])
    })
  }

  test('counts a key that is asked for again and again once', () => {
    const { guard } = setUp()
    for (let count = 0; count < 100; count++) expect(guard.lost('k', MINUTE)).toBe(true)
  })

  for (const [quietMs, isHeld] of [
    [15 * MINUTE - 1, true],
    [15 * MINUTE, false],
  ] as const) {
    test(`${isHeld ? 'still holds' : 'is over'} ${quietMs} ms after the last lost key, though lost ones are asked for meanwhile`, () => {
      const { guard, lose, changes } = setUp()
      lose(20, 0)
      guard.lost('k0', 14 * MINUTE)
      expect(guard.lost('k0', quietMs)).toBe(!isHeld)
      expect(changes).toEqual(isHeld ? [true] : [true, false])
    })
  }

  test('begins anew when all answers were purged', () => {
    const { guard, lose, changes } = setUp()
    lose(25, 0)
    guard.reset()
    expect(lose(19, 0, 100)).toEqual(new Array(19).fill(true))
    expect(changes).toEqual([true, false])
  })

  test('believes those that follow when the operator confirms the loss, and watches again later', () => {
    const { guard, lose, changes } = setUp()
    lose(25, 0)
    guard.confirm(MINUTE)
    expect(lose(100, MINUTE, 25)).toEqual(new Array(100).fill(true))
    expect(changes).toEqual([true, false])
    expect(lose(20, 20 * MINUTE, 200).at(-1)).toBe(false)
  })
})
