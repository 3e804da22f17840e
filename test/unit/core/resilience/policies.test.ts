import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, backoffMs } from '../../../../src/core/resilience/backoff.ts'
import { CircuitBreaker } from '../../../../src/core/resilience/circuit-breaker.ts'
import {
  availableInMs,
  type EndpointState,
  MAX_PAUSE_MS,
  pause,
  pickEndpoint,
} from '../../../../src/core/resilience/endpoint-order.ts'
import { type Claim, Limiter } from '../../../../src/core/resilience/limiter.ts'
import { MIN_RETRIES_PER_MINUTE, RetryBudget } from '../../../../src/core/resilience/retry-budget.ts'
import { within } from '../../../../src/core/resilience/sleep.ts'
import type { Evidence } from '../../../../src/core/upstream.ts'
import { ManualClock, settle } from '../../../support/manual-clock.ts'

function breaker(failures = 3) {
  const changes: string[] = []
  const circuit = new CircuitBreaker({ failures, openForMs: 10_000 }, (state) => changes.push(state))
  const send = (evidence: Evidence, nowMs: number) => {
    const permit = circuit.admit(nowMs)
    if (permit !== undefined) circuit.record(permit, evidence, nowMs)
    return permit
  }
  return { circuit, changes, send }
}

describe('CircuitBreaker', () => {
  test('opens at the third bad reply in a row, not at the second', () => {
    const { circuit, send } = breaker()
    send('endpoint', 0)
    send('endpoint', 0)
    assert.equal(circuit.state, 'closed')
    send('endpoint', 0)
    assert.equal(circuit.state, 'open')
  })

  test('a good reply starts the count anew, a neutral one does not', () => {
    const { circuit, send } = breaker()
    for (const evidence of ['endpoint', 'endpoint', 'good', 'endpoint', 'none', 'endpoint'] as const)
      send(evidence, 0)
    assert.equal(circuit.state, 'closed')
    send('endpoint', 0)
    assert.equal(circuit.state, 'open')
  })

  for (const [afterMs, permit] of [
    [9_999, undefined],
    [10_000, 'trial'],
  ] as const) {
    test(`${afterMs} ms after it opened it gives ${permit ?? 'no permit'}`, () => {
      const { circuit, send } = breaker(1)
      send('endpoint', 0)
      assert.equal(circuit.admit(afterMs), permit)
    })
  }

  test('gives one trial and refuses all others at once', () => {
    const { circuit, send } = breaker(1)
    send('endpoint', 0)
    assert.equal(circuit.admit(10_000), 'trial')
    assert.equal(circuit.state, 'half-open')
    assert.equal(circuit.admit(10_000), undefined)
  })

  test('closes after a good trial, opens again after a bad one, tries again after a neutral one', () => {
    const { changes, send } = breaker(1)
    send('endpoint', 0)
    send('endpoint', 10_000)
    assert.equal(send('good', 19_999), undefined)
    send('none', 20_000)
    send('good', 20_000)
    assert.equal(send('good', 20_000), 'normal')
    assert.deepEqual(changes, ['open', 'half-open', 'open', 'half-open', 'closed'])
  })

  test('ignores replies to requests that were sent before it opened', () => {
    const { circuit, send } = breaker(1)
    assert.equal(circuit.admit(0), 'normal')
    send('endpoint', 0)
    circuit.record('normal', 'good', 5)
    assert.equal(circuit.state, 'open')
  })

  test('never refuses for longer than openFor once its trials end, for any history', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(30_000), fc.constantFrom('good', 'endpoint', 'none'))),
        (steps) => {
          const { circuit, send } = breaker()
          let nowMs = 0
          for (const [ms, evidence] of steps) {
            nowMs += ms
            send(evidence, nowMs)
          }
          assert.ok(circuit.admits(nowMs + 10_000))
        },
      ),
    )
  })
})

describe('RetryBudget', () => {
  test('gives a quiet upstream ten retries a minute and not eleven', () => {
    const budget = new RetryBudget()
    const taken = Array.from({ length: 11 }, () => budget.take(5_000))
    assert.deepEqual(taken.indexOf(false), MIN_RETRIES_PER_MINUTE)
  })

  test('gives a tenth of the last minute to a busy one', () => {
    const budget = new RetryBudget()
    for (let count = 0; count < 1000; count++) budget.countRequest(1000 + count * 10)
    let taken = 0
    while (budget.take(12_000)) taken++
    assert.equal(taken, 100)
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
    assert.equal(taken, MIN_RETRIES_PER_MINUTE)
  })
})

test('a backoff is anywhere between nothing and the doubled base, up to the cap', () => {
  assert.equal(backoffMs(0, 0), 0)
  assert.equal(backoffMs(0, 0.5), BACKOFF_BASE_MS / 2)
  assert.equal(backoffMs(2, 0.5), BACKOFF_BASE_MS * 2)
  assert.equal(backoffMs(50, 0.5), BACKOFF_CAP_MS / 2)
})

describe('the order of endpoints', () => {
  const endpoints = (): [EndpointState, EndpointState] => {
    const state = (name: string) => ({ name, breaker: breaker(1).circuit, pausedUntilMs: 0 })
    return [state('0'), state('1')]
  }
  const none = { tried: new Set<number>(), avoided: new Set<number>(), demoted: () => false }

  test('prefers the first, goes on while it is open, and returns when it closes', () => {
    const both = endpoints()
    assert.equal(pickEndpoint(both, none, 0), 0)
    both[0].breaker.admit(0)
    both[0].breaker.record('normal', 'endpoint', 0)
    assert.equal(pickEndpoint(both, none, 9_999), 1)
    assert.equal(pickEndpoint(both, none, 10_000), 0)
  })

  test('asks one that was tried only when there is no other', () => {
    const both = endpoints()
    assert.equal(pickEndpoint(both, { ...none, tried: new Set([0]) }, 0), 1)
    assert.equal(pickEndpoint(both, { ...none, tried: new Set([0, 1]) }, 0), 0)
  })

  test('asks one whose canary is missing only when there is no other, one to avoid never', () => {
    const both = endpoints()
    const first = (endpoint: number) => endpoint === 0
    assert.equal(pickEndpoint(both, { ...none, demoted: first }, 0), 1)
    assert.equal(pickEndpoint(both, { ...none, demoted: first, avoided: new Set([1]) }, 0), 0)
    assert.equal(pickEndpoint(both, { ...none, avoided: new Set([0, 1]) }, 0), undefined)
  })

  test('leaves one alone until its pause ends', () => {
    const both = endpoints()
    pause(both[0], 5000, 0)
    pause(both[0], 1000, 0)
    assert.deepEqual([pickEndpoint(both, none, 4999), pickEndpoint(both, none, 5000)], [1, 0])
    pause(both[1], 7000, 0)
    assert.deepEqual([availableInMs(both, none, 4000), availableInMs(both, none, 5000)], [1000, 0])
  })

  test('takes no pause for longer than five minutes', () => {
    const both = endpoints()
    pause(both[0], 1e12, 0)
    assert.equal(both[0].pausedUntilMs, MAX_PAUSE_MS)
  })
})

function claim(background = false) {
  const one: Claim & { background: boolean; cancelled: number } = {
    background,
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
    assert.deepEqual([limiter.inFlight, limiter.queued, limiter.wouldShed(false)], [2, 2, true])
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
    assert.equal(limiter.take(claim(true), far), true)
    assert.equal(limiter.take(claim(true), far), false)
    assert.equal(limiter.takeSpare(claim()), false)
    assert.equal(limiter.take(claim(), far), true)
    assert.equal(limiter.wouldShed(true), true)
  })

  test('background may use the only place there is, and gives it back when needed', async () => {
    const { limiter, far } = setUp(1)
    const refresh = claim(true)
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
    second.background = true
    third.background = true
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
    holder.background = true
    queued.background = true
    limiter.makeRoom()
    assert.equal(holder.cancelled, 0)
    queued.background = false
    limiter.makeRoom()
    limiter.makeRoom()
    assert.equal(holder.cancelled, 1)
  })

  test('does not cancel who left while another was cancelled', () => {
    const { limiter, far } = setUp(2, 9)
    const left = claim()
    const cancelled = { ...claim(), cancel: () => limiter.release(left) }
    for (const one of [cancelled, left, claim(), claim(), claim()]) limiter.take(one, far)
    cancelled.background = true
    left.background = true
    limiter.makeRoom()
    assert.deepEqual([left.cancelled, limiter.inFlight, limiter.queued], [0, 2, 2])
  })

  test('a full queue drops who is not waited for any more before it sheds', async () => {
    const { limiter, far } = setUp(1, 1)
    limiter.take(claim(), far)
    const gone = claim()
    const waiting = limiter.take(gone, far)
    gone.background = true
    assert.equal(limiter.wouldShed(false), false)
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
    gone.background = true
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
          const next = claim(one === 'background')
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
