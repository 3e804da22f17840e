import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoffMs } from '../../../../src/core/resilience/backoff.ts'
import type { Claim } from '../../../../src/core/resilience/claim.ts'
import { Limiter } from '../../../../src/core/resilience/limiter.ts'
import { RetryBudget } from '../../../../src/core/resilience/retry-budget.ts'
import { within } from '../../../../src/core/resilience/sleep.ts'
import { ManualClock, settle } from '../../../support/clock/manual-clock.ts'

describe('RetryBudget', () => {
  test('gives a quiet upstream ten retries a minute and not eleven', () => {
    const budget = new RetryBudget()
    const taken = Array.from({ length: 11 }, () => budget.take(5_000))
    expect(taken.indexOf(false)).toStrictEqual(10)
  })

  test('gives a tenth of the last minute to a busy one', () => {
    const budget = new RetryBudget()
    for (let count = 0; count < 1000; count++) budget.countRequest(1000 + count * 10)
    let taken = 0
    while (budget.take(12_000)) taken++
    expect(taken).toBe(100)
  })

  test('gives keys that fail while others are answered one half, and the rest stays for the others', () => {
    const budget = new RetryBudget()
    const forKeys = Array.from({ length: 6 }, () => budget.take(0, true))
    expect(forKeys).toStrictEqual([true, true, true, true, true, false])
    const forOthers = Array.from({ length: 6 }, () => budget.take(0))
    expect(forOthers).toStrictEqual([true, true, true, true, true, false])
  })

  test('gives retries back when they are a minute old', () => {
    const budget = new RetryBudget()
    while (budget.take(0));
    expect([budget.take(59_999), budget.take(60_000)]).toStrictEqual([false, true])
  })

  test('gives as many in the third minute as in the first', () => {
    const budget = new RetryBudget()
    const perMinute = [0, 60_000, 120_000].map((nowMs) => {
      let taken = 0
      while (taken < 100 && budget.take(nowMs)) taken++
      return taken
    })
    expect(perMinute).toStrictEqual([10, 10, 10])
  })

  test('forgets requests that are a minute old', () => {
    const budget = new RetryBudget()
    for (let count = 0; count < 1000; count++) budget.countRequest(0)
    let taken = 0
    while (budget.take(10_000_000)) taken++
    expect(taken).toBe(10)
  })
})

test('a backoff is anywhere between nothing and the doubled base, up to the cap', () => {
  expect(backoffMs(0, 0)).toBe(0)
  expect(backoffMs(0, 0.5)).toBe(50)
  expect(backoffMs(2, 0.5)).toBe(200)
  expect(backoffMs(50, 0.5)).toBe(500)
})

function claim(hasWaiters = true) {
  const one: Claim & { hasWaiters: boolean; cancelled: number } = {
    hasWaiters,
    table: 'aliases',
    keyKind: 'known',
    watch: () => {},
    moveOn: () => {},
    pace: () => 'usual',
    giveWay: () => {},
    cancelled: 0,
    cancel() {
      one.cancelled++
    },
  }
  return one
}

describe('Limiter', () => {
  const setUp = (maxConcurrent = 2, maxQueued = 2) => {
    const clock = new ManualClock()
    return {
      clock,
      limiter: new Limiter({ maxConcurrent, maxQueued }, clock),
      far: clock.monotonicMs() + 60_000,
    }
  }

  test('gives places, then places in the queue, then sheds at once', () => {
    const { limiter, far } = setUp()
    const answers = Array.from({ length: 5 }, () => limiter.take(claim(), far))
    expect(answers.map((answer) => (answer instanceof Promise ? 'queued' : answer))).toStrictEqual([
      true,
      true,
      'queued',
      'queued',
      false,
    ])
    expect([limiter.inFlight, limiter.queued, limiter.wouldShed(claim())]).toStrictEqual([2, 2, true])
  })

  test('gives a released place to who waited longest', async () => {
    const { limiter, far } = setUp(1)
    const holder = claim()
    limiter.take(holder, far)
    const order: string[] = []
    const [second, third] = [claim(), claim()]
    void Promise.resolve(limiter.take(second, far)).then(() => order.push('second'))
    void Promise.resolve(limiter.take(third, far)).then(() => order.push('third'))
    limiter.release(holder)
    await settle()
    expect(order).toStrictEqual(['second'])
    limiter.release(second)
    await settle()
    expect(order).toStrictEqual(['second', 'third'])
    limiter.release(second)
    expect(limiter.inFlight).toBe(1)
  })

  test('nobody waits in the queue past the deadline', async () => {
    const { clock, limiter } = setUp(1)
    limiter.take(claim(), 0)
    const waiting = limiter.take(claim(), clock.monotonicMs() + 500)
    clock.advance(500)
    expect(await waiting).toBe(false)
    expect([limiter.queued, clock.timers]).toStrictEqual([0, 0])
  })

  test('background never takes the last place, nor one that somebody waits for', () => {
    const { limiter, far } = setUp(2)
    expect(limiter.take(claim(false), far)).toBe(true)
    expect(limiter.take(claim(false), far)).toBe(false)
    expect(limiter.takeSpare(claim())).toBe(false)
    expect(limiter.take(claim(), far)).toBe(true)
    expect(limiter.wouldShed(claim(false))).toBe(true)
  })

  test('background may use the only place there is, and gives it back when needed', async () => {
    const { limiter, far } = setUp(1)
    const refresh = claim(false)
    expect(limiter.take(refresh, far)).toBe(true)
    const waiting = limiter.take(claim(), far)
    expect(refresh.cancelled).toBe(1)
    limiter.release(refresh)
    expect(await waiting).toBe(true)
  })

  test('cancels one request that nobody waits for per waiting lookup, the oldest first', () => {
    const { limiter, far } = setUp(3, 9)
    const [first, second, third] = [claim(), claim(), claim()]
    for (const one of [first, second, third]) limiter.take(one, far)
    second.hasWaiters = false
    third.hasWaiters = false
    limiter.take(claim(), far)
    expect([first.cancelled, second.cancelled, third.cancelled]).toStrictEqual([0, 1, 0])
    limiter.take(claim(), far)
    limiter.take(claim(), far)
    expect([first.cancelled, second.cancelled, third.cancelled]).toStrictEqual([0, 1, 1])
  })

  test('cancels a request that nobody waits for any more only while somebody waits in the queue', () => {
    const { limiter, far } = setUp(1, 9)
    const [holder, queued] = [claim(), claim()]
    for (const one of [holder, queued]) limiter.take(one, far)
    holder.hasWaiters = false
    queued.hasWaiters = false
    limiter.freeSlots()
    expect(holder.cancelled).toBe(0)
    queued.hasWaiters = true
    limiter.freeSlots()
    limiter.freeSlots()
    expect(holder.cancelled).toBe(1)
  })

  test('cancels one for the next waiting lookup, too, when the one cancelled before has ended', async () => {
    const { limiter, far } = setUp(1, 9)
    const [first, second] = [claim(), claim()]
    limiter.take(first, far)
    first.hasWaiters = false
    const waiting = limiter.take(second, far)
    limiter.release(first)
    expect([await waiting, first.cancelled]).toStrictEqual([true, 1])
    second.hasWaiters = false
    limiter.take(claim(), far)
    expect(second.cancelled).toBe(1)
  })

  test('does not cancel who left while another was cancelled', () => {
    const { limiter, far } = setUp(2, 9)
    const left = claim()
    const cancelled = { ...claim(), cancel: () => limiter.release(left) }
    for (const one of [cancelled, left, claim(), claim(), claim()]) limiter.take(one, far)
    cancelled.hasWaiters = false
    left.hasWaiters = false
    limiter.freeSlots()
    expect([left.cancelled, limiter.inFlight, limiter.queued]).toStrictEqual([0, 2, 2])
  })

  test('a full queue drops who is not waited for any more before it sheds', async () => {
    const { limiter, far } = setUp(1, 1)
    limiter.take(claim(), far)
    const gone = claim()
    const waiting = limiter.take(gone, far)
    gone.hasWaiters = false
    expect(limiter.wouldShed(claim())).toBe(false)
    expect(limiter.take(claim(), far)).toBeInstanceOf(Promise)
    expect(await waiting).toBe(false)
  })

  test('who waits goes before who is not waited for any more', async () => {
    const { limiter, far } = setUp(1, 9)
    const holder = claim()
    limiter.take(holder, far)
    const [gone, wanted] = [claim(), claim()]
    const goneGot = limiter.take(gone, far)
    const wantedGot = limiter.take(wanted, far)
    gone.hasWaiters = false
    limiter.release(holder)
    expect(await wantedGot).toBe(true)
    limiter.release(wanted)
    expect(await goneGot).toBe(true)
  })

  test('never has more than maxConcurrent under way, for any sequence', () => {
    const step = fc.constantFrom('take', 'background', 'release')
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (steps, max) => {
        const { limiter, far } = setUp(max, 3)
        const taken: Claim[] = []
        for (const one of steps) {
          if (one === 'release') {
            const done = taken.shift()
            if (done !== undefined) limiter.release(done)
            continue
          }
          const next = claim(one !== 'background')
          const answer = limiter.take(next, far)
          if (answer !== false) taken.push(next)
          expect(limiter.inFlight).toBeLessThanOrEqual(max)
          expect(limiter.queued).toBeLessThanOrEqual(3)
        }
      }),
    )
  })
})

describe('within', () => {
  test('gives the value in time and leaves no timer', async () => {
    const clock = new ManualClock()
    expect(await within(clock, 10, Promise.resolve('v'))).toBe('v')
    expect(clock.timers).toBe(0)
  })

  test('gives nothing when it takes too long, and passes a rejection on', async () => {
    const clock = new ManualClock()
    const slow = within(clock, 10, new Promise(() => {}))
    clock.advance(10)
    expect(await slow).toBeUndefined()
    await expect(within(clock, 10, Promise.reject(new Error('bug')))).rejects.toThrow(/bug/)
  })
})
