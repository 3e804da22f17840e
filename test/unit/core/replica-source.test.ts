/**
 * When the copy of a table answers, and when its service is asked.
 */
import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../src/core/observed/explain.ts'
import { found, NOT_FOUND, permanent, temporary } from '../../../src/core/result.ts'
import { LookupContext } from '../../../src/core/source/lookup-context.ts'
import { ABSENT, COPIED, DOWN, replicated } from './replica-set-up.ts'

describe('a key of the copy', () => {
  test('is found at once while the copy is young, and nobody is asked', () => {
    const { service, ask } = replicated(10_000)
    expect(ask('ann@a.example')).toEqual(COPIED)
    expect(service.asked).toEqual([])
  })

  test('is asked when the copy is older', () => {
    const { service, ask } = replicated(10_001)
    service.answer = NOT_FOUND
    expect(ask('ann@a.example')).toEqual({ result: NOT_FOUND, source: 'upstream' })
  })

  for (const [ageMs, expected] of [
    [120_000, COPIED],
    [120_001, { result: DOWN, source: 'upstream' }],
  ] as const) {
    test(`${ageMs} ms old, with a service that is down: ${expected.result.kind}`, () => {
      expect(replicated(ageMs).ask('ann@a.example')).toEqual(expected)
    })
  }

  test('is asked when the lookup passes by what is stored', () => {
    const { service, ask } = replicated(0)
    service.answer = found('other')
    expect(ask('ann@a.example', true)).toEqual({ result: found('other'), source: 'upstream' })
  })
})

describe('a key that the copy lacks', () => {
  test('is what the service says', () => {
    const { service, ask } = replicated(0)
    service.answer = found('new/')
    expect(ask('new@a.example')).toEqual({ result: found('new/'), source: 'upstream' })
  })

  for (const [ageMs, expected] of [
    [60_000, ABSENT],
    [60_001, { result: DOWN, source: 'upstream' }],
  ] as const) {
    test(`in a copy of ${ageMs} ms, with a service that is down: ${expected.result.kind}`, () => {
      expect(replicated(ageMs).ask('new@a.example')).toEqual(expected)
    })
  }

  test('is not found also when the failure is waited for', async () => {
    const { service, ask } = replicated(0)
    service.later = true
    expect(await ask('new@a.example')).toEqual(ABSENT)
  })

  for (const result of [
    temporary('canary', 'x'),
    temporary('timeout', 'x'),
    temporary('circuit', 'x'),
    temporary('status', 'x'),
    temporary('unreadable', 'x'),
    permanent('refused', 'x'),
  ]) {
    test(`is not found when the service cannot say: ${result.cause}`, () => {
      const { service, ask } = replicated(0)
      service.answer = result
      expect(ask('new@a.example')).toEqual(ABSENT)
    })
  }

  for (const result of [temporary('defect', 'x'), temporary('stopping', 'x'), permanent('no-table', 'x')]) {
    test(`is not called "not found" because of our own failure: ${result.cause}`, () => {
      const { service, ask } = replicated(0)
      service.answer = result
      expect(ask('new@a.example')).toEqual({ result, source: 'upstream' })
    })
  }

  test('is never "not found" by the copy with notFoundFor: 0ms', () => {
    expect(replicated(0, { notFoundForMs: 0 }).ask('new@a.example')).toEqual({
      result: DOWN,
      source: 'upstream',
    })
  })

  test('is never "not found" without a copy', () => {
    expect(replicated(Number.POSITIVE_INFINITY).ask('new@a.example')).toEqual({
      result: DOWN,
      source: 'upstream',
    })
  })
})

describe('a key that the service found after the copy', () => {
  test('is written down, and so is that it is gone', async () => {
    const { service, ask, noted } = replicated(0)
    service.later = true
    service.answer = found('new/')
    await ask('new@a.example')
    service.answer = NOT_FOUND
    await ask('new@a.example')
    expect(noted).toEqual([
      ['new@a.example', 'new/'],
      ['new@a.example', undefined],
    ])
  })

  test('is not written down out of the cache, nor when the copy has it, nor for a failure', async () => {
    const { service, ask, noted } = replicated(10_001)
    service.answer = found('new/')
    ask('new@a.example')
    service.later = true
    service.answer = found('other')
    await ask('ann@a.example')
    service.answer = DOWN
    await ask('new@a.example')
    expect(noted).toEqual([])
  })

  test('is found while the service is down, and the explanation says so', () => {
    const { ask, since, source, explanation } = replicated(7000)
    since.set('new@a.example', 'new/')
    expect(ask('new@a.example')).toEqual({ result: found('new/'), source: 'replica' })
    expect(source.askOffline('new@a.example')).toEqual(found('new/'))
    expect(explanation.steps).toEqual([
      {
        step: 'replica',
        key: 'new@a.example',
        upstream: 'directory',
        entries: 1,
        ageMs: 7000,
        foundSince: true,
        result: found('new/'),
      },
    ])
  })

  test('counts for nothing where the copy answers alone', () => {
    const { ask, since } = replicated(0, { authoritative: true })
    since.set('new@a.example', 'new/')
    expect(ask('new@a.example')).toEqual(ABSENT)
  })
})

describe('a copy that answers alone', () => {
  const ALONE = { authoritative: true }

  test('never asks', () => {
    const { service, ask } = replicated(30_000, ALONE)
    service.answer = found('other')
    expect(ask('ann@a.example', true)).toEqual(COPIED)
    expect(ask('new@a.example')).toEqual(ABSENT)
    expect(service.asked).toEqual([])
  })

  test('does not know what it lacks when it is too old, and finds what it has', () => {
    const { ask } = replicated(60_001, ALONE)
    expect(ask('new@a.example')).toMatchObject({
      result: { kind: 'temporary', cause: 'replica' },
      source: 'replica',
    })
    expect(ask('ann@a.example')).toEqual(COPIED)
  })

  test('knows nothing before the first list', () => {
    const { ask } = replicated(Number.POSITIVE_INFINITY, ALONE)
    expect(ask('ann@a.example')).toMatchObject({ result: { kind: 'temporary', cause: 'replica' } })
  })
})

describe('in an outage', () => {
  test('a table is as ready as its copy', () => {
    const { source } = replicated(10_000)
    expect(source.askOffline('ann@a.example')).toEqual(found('a/ann/'))
    expect(source.askOffline('new@a.example')).toEqual(NOT_FOUND)
    expect(replicated(60_001).source.askOffline('new@a.example')).toBeUndefined()
  })

  test('what the cache has comes before what the copy lacks', () => {
    const { service, source } = replicated(0)
    service.stored = found('new/')
    expect(source.askOffline('new@a.example')).toEqual(found('new/'))
    expect(source.known('new@a.example')?.result).toEqual(found('new/'))
  })

  test('what the copy has comes before the "not found" of the cache: an older answer bounces no mail', () => {
    const { service, source } = replicated(7000)
    service.stored = NOT_FOUND
    expect(source.known('ann@a.example')).toEqual({
      result: found('a/ann/'),
      ageMs: 7000,
      foundForMs: 7000,
      confirmedByCanary: true,
    })
  })

  test('the "not found" of the cache says more than that the copy lacks the key', () => {
    const { service, source } = replicated(7000)
    service.stored = NOT_FOUND
    expect(source.known('new@a.example')).toMatchObject({ result: NOT_FOUND, ageMs: 1 })
  })

  test('a key of the copy is known to be found since the copy was made', () => {
    expect(replicated(7000).source.known('ann@a.example')).toEqual({
      result: found('a/ann/'),
      ageMs: 7000,
      foundForMs: 7000,
      confirmedByCanary: true,
    })
  })
})

test('an explanation says how old the copy is, and how many entries it has', () => {
  const { source } = replicated(7000)
  const explanation = new Explanation()
  source.ask('ann@a.example', new LookupContext('ann@a.example', 0, 5000, false, explanation))
  expect(explanation.steps).toEqual([
    {
      step: 'replica',
      key: 'ann@a.example',
      upstream: 'directory',
      entries: 1,
      ageMs: 7000,
      result: found('a/ann/'),
    },
  ])
})
