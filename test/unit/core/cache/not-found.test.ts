import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LossGuard } from '../../../../src/core/cache/loss-guard.ts'
import { found, temporary } from '../../../../src/core/result.ts'
import type { Answer } from '../../../../src/core/upstream.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { down, HOUR, no, policy, SHED, setUp, source, yes } from './cached-upstream-set-up.ts'

describe('a "not found"', () => {
  for (const [ageMs, expected] of [
    [9_999, 'cache notfound'],
    [10_000, 'upstream temporary'],
  ] as const) {
    test(`aged ${ageMs} ms in an outage gives "${expected}"`, async () => {
      const { clock, service, ask } = setUp()
      service.answer = no
      ask()
      service.answer = down
      clock.advance(ageMs)
      expect(source(await ask())).toBe(expected)
    })
  }

  test('for a mailbox created right after is over when negativeTtl is', () => {
    const { clock, service, ask } = setUp()
    service.answer = no
    ask()
    service.answer = yes('created')
    clock.advance(10_000)
    expect(ask()).toStrictEqual({ result: found('created'), source: 'upstream' })
  })

  for (const [ageMs, requests] of [
    [4999, 0],
    [5000, 1],
  ] as const) {
    test(`aged ${ageMs} ms costs ${requests} requests after negativeTtl was shortened to 5 s`, () => {
      const before = setUp()
      before.service.answer = no
      before.ask()
      const { clock, store } = before
      const after = setUp({ clock, store, policy: { negativeTtlMs: 5000 } })
      clock.advance(ageMs)
      after.ask()
      expect(after.asked.length).toBe(requests)
    })
  }

  test('is not used while the canary is missing', () => {
    let sane = true
    const { service, ask, looked } = setUp({ believes: () => sane })
    service.answer = no
    ask()
    expect(source(ask())).toBe('cache notfound')
    sane = false
    service.answer = { ...down, result: temporary('canary', 'canary') }
    expect(source(ask())).toBe('upstream temporary')
    expect(looked).toStrictEqual(['miss', 'negative_hit', 'miss'])
  })

  test('is never answered unless the service said so within negativeTtl, for any history', async () => {
    const step = fc.record({
      advance: fc.nat(40_000),
      wall: fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
      answer: fc.constantFrom(yes('v'), no, down, SHED),
      purge: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { clock, service, ask, store } = setUp()
        let saidNoAt = Number.NEGATIVE_INFINITY
        let served = 0
        service.answer = () => {
          served++
          if (current.result.kind === 'notfound') saidNoAt = clock.monotonicMs()
          return current
        }
        let current: Answer = down
        for (const { advance, wall, answer, purge } of steps) {
          clock.advance(advance)
          clock.stepWall(wall)
          if (purge) store.purge({ kind: 'all' })
          current = answer
          const { result } = await ask()
          if (result.kind === 'notfound')
            expect(clock.monotonicMs() - saidNoAt).toBeLessThan(policy.negativeTtlMs)
        }
        expect(served).toBeLessThanOrEqual(steps.length * 2)
      }),
    )
  })
})

describe('both clocks', () => {
  test('a suspend ages an answer although the monotonic clock stood still', async () => {
    const { clock, service, ask } = setUp()
    ask()
    service.answer = down
    clock.stepWall(60_000 + HOUR)
    expect(source(await ask())).toBe('upstream temporary')
  })

  test('a wall clock set back by an hour makes no answer live longer', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.stepWall(-HOUR)
    expect(source(ask())).toBe('cache found')
    service.answer = down
    clock.advance(60_000 + HOUR)
    expect(source(await ask())).toBe('upstream temporary')
  })

  test('a wall clock set forward by an hour makes an answer old and the next one right', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.stepWall(HOUR)
    service.answer = Promise.resolve(yes('v2'))
    expect(await ask()).toStrictEqual({ result: found('v2'), source: 'upstream' })
    expect(source(ask())).toBe('cache found')
  })

  test('a failure is forgotten after a second of monotonic time, whatever the wall clock does', () => {
    const { clock, service, ask } = setUp()
    service.answer = down
    ask()
    service.answer = yes('v2')
    clock.stepWall(-HOUR)
    clock.advance(1000)
    expect(source(ask())).toBe('upstream found')
  })
})

describe('the memory of failure', () => {
  for (const [ageMs, requests] of [
    [999, 1],
    [1000, 2],
  ] as const) {
    test(`a key that failed ${ageMs} ms ago costs ${requests} requests in all`, () => {
      const { clock, service, asked, ask } = setUp()
      service.answer = down
      ask()
      clock.advance(ageMs)
      expect(source(ask()).split(' ')[1]).toBe('temporary')
      expect(asked.length).toBe(requests)
    })
  }

  test('keeps a stale answer from being refreshed and is served at once', () => {
    const { clock, service, asked, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = down
    ask()
    expect(source(ask())).toBe('stale found')
    expect(asked.length).toBe(2)
  })

  test('does not remember a lookup that was shed, nor a defect', () => {
    const { service, asked, ask } = setUp()
    service.answer = SHED
    ask()
    service.answer = () => {
      throw new Error('bug')
    }
    ask()
    service.answer = yes('v')
    expect(source(ask())).toBe('upstream found')
    expect(asked.length).toBe(3)
  })

  test('ends when the service is seen to be well again, whatever Retry-After it gave', () => {
    const { clock, service, health, asked, ask } = setUp()
    service.answer = { ...down, retryAfterMs: 30_000 }
    ask()
    clock.advance(2000)
    expect(source(ask()).split(' ')[1]).toBe('temporary')
    expect(asked.length).toBe(1)
    health.recoveredAtMs = clock.monotonicMs()
    service.answer = yes('v')
    expect(source(ask())).toBe('upstream found')
  })

  test('does not hold off a bypass', () => {
    const { service, ask } = setUp()
    service.answer = down
    ask()
    service.answer = yes('v2')
    expect(ask(undefined, { bypass: true })).toStrictEqual({ result: found('v2'), source: 'upstream' })
  })
})

describe('a service that lost many keys', () => {
  test('is not believed when it says "not found": what was found before goes on being served', async () => {
    const lossGuard = new LossGuard(new ManualClock(), () => {})
    const { clock, service, ask } = setUp({ lossGuard })
    const keys = Array.from({ length: 30 }, (_, index) => `user${index}@a.example`)
    for (const key of keys) ask(key)
    clock.advance(90_000)
    service.answer = no
    const answers = await Promise.all(keys.map((key) => ask(key)))
    expect(answers.map(({ result }) => result.kind)).toStrictEqual(new Array(30).fill('found'))
    expect(source(await ask('stranger@a.example'))).toBe('upstream notfound')
    lossGuard.confirm(clock.monotonicMs())
    clock.advance(1000)
    expect(source(await ask('user29@a.example'))).toBe('upstream notfound')
  })
})
