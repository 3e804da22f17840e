import { describe, expect, test } from 'vitest'
import { LoopLag } from '../../../../src/core/resilience/loop-lag.ts'

describe('the lag of the event loop', () => {
  test('one late turn, however late, is no overload', () => {
    const lag = new LoopLag()
    lag.ticked(10_000, 10_000)
    expect(lag.overloaded).toBe(false)
  })

  test('is an overload when every turn of an interval was late, and not a millisecond before', () => {
    const lag = new LoopLag()
    lag.ticked(0, 500)
    lag.ticked(1_999, 500)
    expect(lag.overloaded).toBe(false)
    lag.ticked(2_000, 500)
    expect(lag.overloaded).toBe(true)
  })

  test('ends with the first turn in time', () => {
    const lag = new LoopLag()
    lag.ticked(0, 500)
    lag.ticked(2_000, 500)
    lag.ticked(2_001, 499)
    expect(lag.overloaded).toBe(false)
  })

  test('begins anew after a turn in time', () => {
    const lag = new LoopLag()
    lag.ticked(0, 500)
    lag.ticked(1_999, 499)
    lag.ticked(2_000, 500)
    expect(lag.overloaded).toBe(false)
  })
})
