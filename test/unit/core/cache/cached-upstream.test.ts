import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { found, permanent, temporary } from '../../../../src/core/result.ts'
import type { Answer } from '../../../../src/core/upstream.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { down, HOUR, later, no, SHED, setUp, source, yes } from './cached-upstream-set-up.ts'

describe('a found answer', () => {
  const cases: [ageMs: number, expected: string, requests: number][] = [
    [59_999, 'cache found', 0],
    [60_000, 'stale found', 1],
    [89_999, 'stale found', 1],
    [90_000, 'stale found', 1],
    [60_000 + HOUR - 1, 'stale found', 1],
    [60_000 + HOUR, 'upstream temporary', 1],
  ]
  for (const [ageMs, expected, requests] of cases) {
    test(`aged ${ageMs} ms in an outage gives "${expected}" with ${requests} requests`, async () => {
      const { clock, service, asked, ask } = setUp()
      ask()
      service.answer = Promise.resolve(down)
      clock.advance(ageMs)
      expect(source(await ask())).toBe(expected)
      expect(asked.length - 1).toBe(requests)
    })
  }

  test('is answered without a promise while fresh and while it may be revalidated', () => {
    const { clock, service, ask, looked } = setUp()
    ask()
    service.answer = Promise.resolve(yes('v2'))
    expect(source(ask())).toBe('cache found')
    clock.advance(60_000)
    expect(source(ask())).toBe('stale found')
    expect(looked).toStrictEqual(['miss', 'hit', 'stale'])
  })

  test('is refreshed once in the background when stale', async () => {
    const { clock, service, asked, ask } = setUp()
    ask()
    service.answer = Promise.resolve(yes('v2'))
    clock.advance(60_000)
    ask()
    ask()
    expect(asked.length).toBe(2)
    expect(asked[1]?.hasWaiters).toBe(false)
    await settle()
    expect(ask()).toStrictEqual({ result: found('v2'), source: 'cache' })
  })

  test('in its error-only window waits for the service first', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = Promise.resolve(yes('v2'))
    expect(await ask()).toStrictEqual({ result: found('v2'), source: 'upstream' })
  })

  const outages: [name: string, answer: Answer][] = [
    ['a refused connection', down],
    ['a refused credential', { ...down, result: permanent('refused', '403') }],
    ['an unreadable body', { ...down, result: temporary('unreadable', 'no JSON') }],
    ['a missing canary', { ...down, result: temporary('canary', 'canary') }],
    ['overload here', SHED],
  ]
  for (const [name, answer] of outages) {
    test(`is served stale during ${name}`, async () => {
      const { clock, service, ask } = setUp()
      ask()
      clock.advance(90_000)
      service.answer = answer
      expect(await ask()).toStrictEqual({ result: found('v1'), source: 'stale' })
    })
  }

  test('is served stale when the service does not answer by the deadline', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = later().promise
    const answer = ask()
    await clock.advanceAsync(5000)
    expect(await answer).toStrictEqual({ result: found('v1'), source: 'stale' })
  })

  for (const [answeredAfterMs, expected] of [
    [999, 'upstream found'],
    [1000, 'stale found'],
  ] as const) {
    test(`in its error-only window gives "${expected}" when the service takes ${answeredAfterMs} ms`, async () => {
      const { clock, service, ask } = setUp()
      ask()
      clock.advance(90_000)
      const slow = later()
      service.answer = slow.promise
      const answer = ask()
      await clock.advanceAsync(answeredAfterMs)
      slow.resolve(yes('v2'))
      expect(source(await answer)).toBe(expected)
      expect(await ask()).toStrictEqual({ result: found('v2'), source: 'cache' })
      expect(clock.timers).toBe(0)
    })
  }

  test('waits for no more than staleAfter in all: a second lookup waits for the rest of it', async () => {
    const { clock, service, asked, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = later().promise
    const first = ask()
    await clock.advanceAsync(600)
    const second = ask()
    await clock.advanceAsync(400)
    const explanation = new Explanation()
    const third = ask(undefined, { explanation })
    await clock.advanceAsync(0)
    for (const answer of [first, second, third]) expect(source(await answer)).toBe('stale found')
    expect(asked.length).toBe(2)
    expect(explanation.steps.at(-1)?.step).toBe('stale')
  })

  test('that is purged while the service is slow is waited for until the deadline', async () => {
    const { clock, service, ask, store } = setUp()
    ask()
    clock.advance(90_000)
    const slow = later()
    service.answer = slow.promise
    const answer = ask()
    store.purge({ kind: 'all' })
    await clock.advanceAsync(4999)
    slow.resolve(yes('v2'))
    expect(await answer).toStrictEqual({ result: found('v2'), source: 'upstream' })
  })

  test('gives way to a "not found" of the service', async () => {
    const { clock, service, ask } = setUp()
    ask()
    clock.advance(90_000)
    service.answer = no
    expect(source(await ask())).toBe('upstream notfound')
    service.answer = down
    expect(source(await ask())).toBe('cache notfound')
    clock.advance(10_000)
    expect(source(await ask())).toBe('upstream temporary')
  })

  test('that must not be stored ends the failure before it: the service is asked again', async () => {
    const { service, asked, ask } = setUp({ policy: { honorCacheControl: true } })
    service.answer = down
    expect(source(await ask())).toBe('upstream temporary')
    service.answer = yes('v1', { caching: { cacheControl: 'no-store' } })
    expect(source(await ask())).toBe('cache temporary')
    expect(source(await ask('bob@a.example', { bypass: true }))).toBe('upstream found')
    expect(source(await ask())).toBe('upstream found')
    expect(asked.length).toBe(3)
  })

  test('that must not be stored ends the one before it', async () => {
    const { clock, service, ask, store } = setUp({ policy: { honorCacheControl: true } })
    ask()
    clock.advance(90_000)
    service.answer = yes('v2', { caching: { cacheControl: 'no-store' } })
    expect(source(await ask())).toBe('upstream found')
    expect(store.size).toBe(0)
  })
})
