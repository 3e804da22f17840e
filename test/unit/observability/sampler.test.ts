import { describe, expect, test } from 'vitest'
import { Sampler } from '../../../src/observability/sampler.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

describe('Sampler', () => {
  test('lets its number through per second and counts the rest', () => {
    const clock = new ManualClock()
    const sampler = new Sampler(clock, 2)
    expect([sampler.take(), sampler.take(), sampler.take(), sampler.take()]).toEqual([
      0,
      0,
      undefined,
      undefined,
    ])
    clock.advance(1000)
    expect([sampler.take(), sampler.take()]).toEqual([2, 0])
  })

  for (const [afterMs, told] of [
    [999, undefined],
    [1000, 0],
  ] as const) {
    test(`${told === undefined ? 'suppresses' : 'tells'} the next one after ${afterMs} ms`, () => {
      const clock = new ManualClock()
      const sampler = new Sampler(clock, 1)
      sampler.take()
      clock.advance(afterMs)
      expect(sampler.take()).toBe(told)
    })
  }
})
