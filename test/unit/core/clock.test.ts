import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
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

  // Node.js takes a longer delay as 1 ms, so its timer would run before the 2 ms have passed.
  test('does not run a timer at once whose delay is longer than a Node.js timer can hold', async () => {
    let ran = false
    const timer = systemClock.after(2_147_483_648, () => {
      ran = true
    })
    await sleep(2)
    timer.cancel()
    expect(ran).toBe(false)
  })

  test('reads the monotonic clock and the wall clock, each where it belongs', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2001, 1, 3) })
    try {
      const before = performance.now()
      const { monotonicMs, wallMs } = instant(systemClock)
      expect(wallMs).toBe(981_158_400_000)
      expect(monotonicMs).toBeGreaterThanOrEqual(before)
      expect(monotonicMs).toBeLessThanOrEqual(performance.now())
    } finally {
      vi.useRealTimers()
    }
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
