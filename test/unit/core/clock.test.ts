import { describe, expect, test } from 'vitest'
import { ageMs, instant, readableMs, systemClock } from '../../../src/core/clock.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

describe('ageMs', () => {
  test('is the time that passed', () => {
    const clock = new ManualClock()
    const since = instant(clock)
    clock.advance(1500)
    expect(ageMs(clock, since)).toBe(1500)
  })

  test('counts the sleep of a suspended machine, which only the wall clock saw', () => {
    const clock = new ManualClock()
    const since = instant(clock)
    clock.stepWall(3_600_000)
    expect(ageMs(clock, since)).toBe(3_600_000)
  })

  test('does not get smaller when the wall clock is set back', () => {
    const clock = new ManualClock()
    const since = instant(clock)
    clock.advance(1500)
    clock.stepWall(-3_600_000)
    expect(ageMs(clock, since)).toBe(1500)
  })

  test('is never negative', () => {
    const clock = new ManualClock()
    const since = { monotonicMs: clock.monotonicMs() + 10, wallMs: clock.wallMs() + 10 }
    expect(ageMs(clock, since)).toBe(0)
  })
})

describe('systemClock', () => {
  test('runs a timer once, and not after it was cancelled', async () => {
    const ran: string[] = []
    await new Promise<void>((resolve) => {
      systemClock.after(0, () => ran.push('cancelled')).cancel()
      // Unreferenced timers keep no process alive; this test's own timer does.
      const held = setTimeout(() => {}, 1000)
      systemClock.after(1, () => {
        ran.push('ran')
        clearTimeout(held)
        resolve()
      })
    })
    expect(ran).toEqual(['ran'])
  })

  test('takes a delay beyond what a Node.js timer can hold', () => {
    const timer = systemClock.after(Number.MAX_SAFE_INTEGER, () => {
      throw new Error('ran at once')
    })
    timer.cancel()
  })

  test('reads both clocks', () => {
    const before = Date.now()
    expect(instant(systemClock).wallMs).toBeGreaterThanOrEqual(before)
    expect(systemClock.monotonicMs()).toBeGreaterThan(0)
  })
})

describe('readableMs', () => {
  const cases: [durationMs: number, readable: number][] = [
    [30.663332000000082, 30.663],
    [0.0004, 0],
    [0.0005, 0.001],
    [5000, 5000],
  ]
  for (const [durationMs, readable] of cases) {
    test(`${durationMs} ms reads as ${readable}`, () => expect(readableMs(durationMs)).toBe(readable))
  }
})
