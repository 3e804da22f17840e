import { describe, expect, test } from 'vitest'
import { LAG_INTERVAL_MS, LAG_TARGET_MS, LoopLag } from '../../../../src/core/resilience/loop-lag.ts'

describe('the lag of the event loop', () => {
  test('one late turn, however late, is no overload', () => {
    const lag = new LoopLag()
    lag.ticked(10_000, 10_000)
    expect(lag.overloaded).toBe(false)
  })

  test('is an overload when every turn of an interval was late, and not a millisecond before', () => {
    const lag = new LoopLag()
    lag.ticked(0, LAG_TARGET_MS)
    lag.ticked(LAG_INTERVAL_MS - 1, LAG_TARGET_MS)
    expect(lag.overloaded).toBe(false)
    lag.ticked(LAG_INTERVAL_MS, LAG_TARGET_MS)
    expect(lag.overloaded).toBe(true)
  })

  test('ends with the first turn in time', () => {
    const lag = new LoopLag()
    lag.ticked(0, LAG_TARGET_MS)
    lag.ticked(LAG_INTERVAL_MS, LAG_TARGET_MS)
    lag.ticked(LAG_INTERVAL_MS + 1, LAG_TARGET_MS - 1)
    expect(lag.overloaded).toBe(false)
  })

  test('begins anew after a turn in time', () => {
    const lag = new LoopLag()
    lag.ticked(0, LAG_TARGET_MS)
    lag.ticked(LAG_INTERVAL_MS - 1, LAG_TARGET_MS - 1)
    lag.ticked(LAG_INTERVAL_MS, LAG_TARGET_MS)
    expect(lag.overloaded).toBe(false)
  })
})
