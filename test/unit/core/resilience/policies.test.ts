import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
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
    assert.deepEqual(taken.indexOf(false), 10)
  })

  test('gives a tenth of the last minute to a busy one', () => {
    const budget = new RetryBudget()
    for (let count = 0; count < 1000; count++) budget.countRequest(1000 + count * 10)
    let taken = 0
    while (budget.take(12_000)) taken++
    assert.equal(taken, 100)
  })

  test('gives keys that fail while others are answered one half, and the rest stays for the others', () => {
    const budget = new RetryBudget()
    const forKeys = Array.from({ length: 6 }, () => budget.take(0, true))
    assert.deepEqual(forKeys, [true, true, true, true, true, false])
    const forOthers = Array.from({ length: 6 }, () => budget.take(0))
    assert.deepEqual(forOthers, [true, true, true, true, true, false])
  })

  test('gives retries back when they are a minute old', () => {
    const budget = new RetryBudget()
    while (budget.take(0));
    assert.deepEqual([budget.take(59_999), budget.take(60_000)], [false, true])
  })

  test('forgets requests that are a minute old', () => {
    const budget = new RetryBudget()
    for (let count = 0; count < 1000; count++) budget.countRequest(0)
    let taken = 0
    while (budget.take(10_000_000)) taken++
    assert.equal(taken, 10)
  })
})

test('a backoff is anywhere between nothing and the doubled base, up to the cap', () => {
  assert.equal(backoffMs(0, 0), 0)
  assert.equal(backoffMs(0, 0.5), 50)
  assert.equal(backoffMs(2, 0.5), 200)
  assert.equal(backoffMs(50, 0.5), 500)
})

function claim(hasWaiters = true) {
  const one: Claim & { hasWaiters: boolean; cancelled: number } = {
    hasWaiters,
    table: 'aliases',
    isSlowKey: false,
    watch: () => {},
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
    assert.deepEqual(
      answers.map((answer) => (answer instanceof Promise ? 'queued' : answer)),
      [true, true, 'queued', 'queued', false],
    )
    assert.deepEqual([limiter.inFlight, limiter.queued, limiter.wouldShed(claim())], [2, 2, true])
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
    assert.deepEqual(order, ['second'])
    limiter.release(second)
    await settle()
    assert.deepEqual(order, ['second', 'third'])
    limiter.release(second)
    assert.equal(limiter.inFlight, 1)
  })

  test('nobody waits in the queue past the deadline', async () => {
    const { clock, limiter } = setUp(1)
    limiter.take(claim(), 0)
    const waiting = limiter.take(claim(), clock.monotonicMs() + 500)
    clock.advance(500)
    assert.equal(await waiting, false)
    assert.deepEqual([limiter.queued, clock.timers], [0, 0])
  })

  test('background never takes the last place, nor one that somebody waits for', () => {
    const { limiter, far } = setUp(2)
    assert.equal(limiter.take(claim(false), far), true)
    assert.equal(limiter.take(claim(false), far), false)
    assert.equal(limiter.takeSpare(claim()), false)
    assert.equal(limiter.take(claim(), far), true)
    assert.equal(limiter.wouldShed(claim(false)), true)
  })

  test('background may use the only place there is, and gives it back when needed', async () => {
    const { limiter, far } = setUp(1)
    const refresh = claim(false)
    assert.equal(limiter.take(refresh, far), true)
    const waiting = limiter.take(claim(), far)
    assert.equal(refresh.cancelled, 1)
    limiter.release(refresh)
    assert.equal(await waiting, true)
  })

  test('cancels one request that nobody waits for per waiting lookup, the oldest first', () => {
    const { limiter, far } = setUp(3, 9)
    const [first, second, third] = [claim(), claim(), claim()]
    for (const one of [first, second, third]) limiter.take(one, far)
    second.hasWaiters = false
    third.hasWaiters = false
    limiter.take(claim(), far)
    assert.deepEqual([first.cancelled, second.cancelled, third.cancelled], [0, 1, 0])
    limiter.take(claim(), far)
    limiter.take(claim(), far)
    assert.deepEqual([first.cancelled, second.cancelled, third.cancelled], [0, 1, 1])
  })

  test('cancels a request that nobody waits for any more only while somebody waits in the queue', () => {
    const { limiter, far } = setUp(1, 9)
    const [holder, queued] = [claim(), claim()]
    for (const one of [holder, queued]) limiter.take(one, far)
    holder.hasWaiters = false
    queued.hasWaiters = false
    limiter.makeRoom()
    assert.equal(holder.cancelled, 0)
    queued.hasWaiters = true
    limiter.makeRoom()
    limiter.makeRoom()
    assert.equal(holder.cancelled, 1)
  })

  test('does not cancel who left while another was cancelled', () => {
    const { limiter, far } = setUp(2, 9)
    const left = claim()
    const cancelled = { ...claim(), cancel: () => limiter.release(left) }
    for (const one of [cancelled, left, claim(), claim(), claim()]) limiter.take(one, far)
    cancelled.hasWaiters = false
    left.hasWaiters = false
    limiter.makeRoom()
    assert.deepEqual([left.cancelled, limiter.inFlight, limiter.queued], [0, 2, 2])
  })

  test('a full queue drops who is not waited for any more before it sheds', async () => {
    const { limiter, far } = setUp(1, 1)
    limiter.take(claim(), far)
    const gone = claim()
    const waiting = limiter.take(gone, far)
    gone.hasWaiters = false
    assert.equal(limiter.wouldShed(claim()), false)
    assert.ok(limiter.take(claim(), far) instanceof Promise)
    assert.equal(await waiting, false)
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
    assert.equal(await wantedGot, true)
    limiter.release(wanted)
    assert.equal(await goneGot, true)
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
          assert.ok(limiter.inFlight <= max && limiter.queued <= 3)
        }
      }),
    )
  })
})

describe('within', () => {
  test('gives the value in time and leaves no timer', async () => {
    const clock = new ManualClock()
    assert.equal(await within(clock, 10, Promise.resolve('v')), 'v')
    assert.equal(clock.timers, 0)
  })

  test('gives nothing when it takes too long, and passes a rejection on', async () => {
    const clock = new ManualClock()
    const slow = within(clock, 10, new Promise(() => {}))
    clock.advance(10)
    assert.equal(await slow, undefined)
    await assert.rejects(within(clock, 10, Promise.reject(new Error('bug'))), /bug/)
  })
})
