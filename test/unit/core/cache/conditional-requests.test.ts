import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { found } from '../../../../src/core/result.ts'
import { lookupFrom } from '../../../support/core/sources.ts'
import { down, later, no, setUp, source, yes } from './cached-upstream-set-up.ts'

describe('conditional requests', () => {
  const validators = { etag: '"1"', lastModified: undefined }

  test('send the validators of a stale answer, and a 304 renews it', async () => {
    const { clock, service, asked, ask } = setUp()
    service.answer = yes('v', { validators: { etag: '"1"' } })
    ask()
    clock.advance(90_000)
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    expect(await ask()).toStrictEqual({ result: found('v'), source: 'upstream' })
    expect(asked[1]?.validators).toStrictEqual(validators)
    clock.advance(59_999)
    expect(source(ask())).toBe('cache found')
  })

  test('a 304 without freshness fields keeps the windows of the stored answer', async () => {
    const { clock, service, ask } = setUp({ policy: { honorCacheControl: true, staleWhileRevalidateMs: 0 } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'max-age=5' } })
    ask()
    clock.advance(5000)
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    await ask()
    clock.advance(4999)
    expect(source(ask())).toBe('cache found')
    clock.advance(1)
    expect(source(await ask())).toBe('upstream found')
  })

  test('an answer with no-cache is asked for conditionally and never used in an outage', async () => {
    const { service, asked, ask } = setUp({ policy: { honorCacheControl: true } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'no-cache' } })
    ask()
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    expect(source(await ask())).toBe('upstream found')
    expect(asked[1]?.validators).toStrictEqual(validators)
  })

  test('an answer with no-cache is not served when the service is down', async () => {
    const { service, ask } = setUp({ policy: { honorCacheControl: true } })
    service.answer = yes('v', { validators, caching: { cacheControl: 'no-cache' } })
    ask()
    service.answer = down
    expect(source(await ask())).toBe('upstream temporary')
  })

  test('a 304 to a question without validators is temporary, not an answer', () => {
    const { service, ask } = setUp()
    service.answer = { result: { kind: 'notmodified' }, storable: true, source: 'upstream' }
    const answer = ask()
    expect(source(answer)).toBe('upstream temporary')
  })

  test('a "not found" is asked anew, never conditionally', () => {
    const { clock, service, asked, ask } = setUp()
    service.answer = { ...no, validators }
    ask()
    clock.advance(10_000)
    ask()
    expect(asked[1]?.validators).toBeUndefined()
  })
})

describe('several upstreams of one table', () => {
  test('share the store without sharing answers, and a purge takes both', async () => {
    const one = setUp()
    const two = setUp({ store: one.store, clock: one.clock, upstreamIndex: 1 })
    two.service.answer = yes('second')
    one.ask()
    two.ask()
    expect(one.ask()).toStrictEqual({ result: found('v1'), source: 'cache' })
    expect(two.ask()).toStrictEqual({ result: found('second'), source: 'cache' })
    expect(one.store.purge({ kind: 'key', key: 'bob@a.example' })).toBe(2)
    one.ask()
    two.ask()
    expect(one.store.purge({ kind: 'domain', domain: 'a.example' })).toBe(2)
  })
})

describe('a defect', () => {
  test('of an upstream that rejects is reported, answered as temporary and not kept', async () => {
    const { service, ask, defects } = setUp()
    const pending = later()
    service.answer = pending.promise
    const answer = ask()
    pending.reject(new Error('bug'))
    expect((await answer).result.kind).toBe('temporary')
    expect(defects.length).toBe(1)
    service.answer = yes('v')
    expect(source(ask())).toBe('upstream found')
  })
})

describe('the explanation', () => {
  test('tells age and freshness of a hit, and why a stale answer was served', async () => {
    const { clock, service, ask } = setUp()
    const miss = new Explanation()
    ask(undefined, { explanation: miss })
    expect(miss.steps.map((step) => step.step)).toStrictEqual(['cache'])
    clock.advance(1234)
    const hit = new Explanation()
    ask(undefined, { explanation: hit })
    expect(hit.steps).toStrictEqual([
      {
        step: 'cache',
        key: 'bob@a.example',
        upstream: 'directory',
        outcome: 'hit',
        ageMs: 1234,
        freshnessLifetimeMs: 60_000,
        result: found('v1'),
      },
    ])
    clock.advance(90_000)
    service.answer = down
    const stale = new Explanation()
    await ask(undefined, { explanation: stale })
    expect(stale.steps.at(-1)).toStrictEqual({
      step: 'stale',
      key: 'bob@a.example',
      upstream: 'directory',
      why: 'connection refused',
    })
  })

  test('begins when a lookup leaves the cached path, if nobody asked for one', () => {
    const { cached, clock } = setUp()
    const miss = lookupFrom(clock)
    cached.ask('k', miss)
    expect(miss.explanation?.steps.length).toBe(1)
    const hit = lookupFrom(clock)
    cached.ask('k', hit)
    expect(hit.explanation).toBeUndefined()
  })
})
