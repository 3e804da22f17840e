/**
 * A key that the copy lacks and that fails: whether the service answers others, or is away.
 */
import { describe, expect, test } from 'vitest'
import { found, type LookupResult, NOT_FOUND, temporary } from '../../../src/core/result.ts'
import { LookupContext } from '../../../src/core/source/lookup-context.ts'
import { ABSENT, DOWN, replicated } from './replica-set-up.ts'

describe('a key that the copy lacks, and that fails alone', () => {
  const BROKEN = temporary('status', 'the service answered 500')

  test('is not called "not found", and the explanation says why', () => {
    const { service, ask, explanation } = replicated(7000)
    service.answer = BROKEN
    service.others = true
    expect(ask('new@a.example')).toEqual({ result: BROKEN, source: 'upstream' })
    expect(explanation.steps).toEqual([
      {
        step: 'replica',
        key: 'new@a.example',
        upstream: 'directory',
        entries: 1,
        ageMs: 7000,
        unused: 'the service answers others, so this is no outage',
        result: BROKEN,
      },
    ])
  })

  for (const [others, expected] of [
    [true, { result: BROKEN, source: 'upstream' }],
    [false, ABSENT],
  ] as const) {
    test(`is waited for until it is known whether the service answers others: ${others}`, async () => {
      const { service, ask } = replicated(0)
      service.answer = BROKEN
      service.later = true
      service.others = Promise.resolve(others)
      expect(await ask('new@a.example')).toEqual(expected)
      expect(service.asked).toEqual(['new@a.example'])
    })
  }

  for (const later of [false, true]) {
    test(`where nothing is known of the service, a key of the copy decides, ${later ? 'later' : 'at once'}`, async () => {
      const { service, ask, clock } = replicated(0)
      service.later = later
      service.answer = BROKEN
      service.keys.set('ann@a.example', found('a/ann/'))
      expect(await ask('new@a.example')).toEqual({ result: BROKEN, source: 'upstream' })
      expect(service.asked).toEqual(['new@a.example', 'ann@a.example'])
      // And not again for each key that fails.
      clock.advance(499)
      service.keys.clear()
      expect(await ask('next@a.example')).toEqual({ result: BROKEN, source: 'upstream' })
      expect(service.asked).toEqual(['new@a.example', 'ann@a.example', 'next@a.example'])
      clock.advance(1)
      expect(await ask('last@a.example')).toEqual(ABSENT)
      expect(service.asked.slice(3)).toEqual(['last@a.example', 'ann@a.example'])
    })
  }

  test('asks for one key of the copy, however many fail at once', async () => {
    const { service, ask } = replicated(0)
    service.later = true
    service.answer = BROKEN
    service.keys.set('ann@a.example', found('a/ann/'))
    const answers = await Promise.all(['x@a.example', 'y@a.example'].map((key) => ask(key)))
    expect(answers.map(({ result }) => result)).toEqual([BROKEN, BROKEN])
    expect(service.asked).toEqual(['x@a.example', 'y@a.example', 'ann@a.example'])
  })

  test('is not "not found" while the service says of a key of the copy that it is gone', () => {
    const { service, ask } = replicated(0)
    service.answer = BROKEN
    service.keys.set('ann@a.example', NOT_FOUND)
    expect(ask('new@a.example')).toEqual({ result: BROKEN, source: 'upstream' })
  })

  test('of an empty copy is "not found" when nothing is known of the service', () => {
    const { ask, entries } = replicated(0)
    entries.clear()
    expect(ask('new@a.example')).toEqual(ABSENT)
  })

  for (const [atMs, expected] of [
    [4999, ABSENT],
    [5000, { result: temporary('timeout', 'x'), source: 'upstream' }],
  ] as const) {
    test(`without an answer after ${atMs} of 5000 ms: ${expected.result.kind}`, () => {
      const { service, ask, clock } = replicated(0)
      service.answer = temporary('timeout', 'x')
      service.others = false
      clock.advance(atMs)
      expect(ask('new@a.example')).toEqual(expected)
    })
  }
})

describe('a service that turns some away', () => {
  const TURNED_AWAY = temporary('status', 'the service answered 429')
  const WAITS = { result: TURNED_AWAY, source: 'upstream' }

  for (const [agoMs, expected] of [
    [2000, WAITS],
    [2001, ABSENT],
  ] as const) {
    for (const cause of ['status', 'circuit'] as const) {
      test(`its last good reply to anybody is ${agoMs} ms old, and a key fails (${cause}): ${expected.result.kind}`, () => {
        const { service, source, clock } = replicated(0)
        service.answer = temporary(cause, 'the service answered 429')
        service.others = false
        service.goodAtMs = clock.monotonicMs()
        clock.advance(agoMs)
        const context = new LookupContext('new@a.example', clock.monotonicMs(), 5000, false, undefined)
        const { result } = source.ask('new@a.example', context) as { readonly result: LookupResult }
        expect(result.kind).toBe(expected.result.kind)
      })
    }
  }

  test('a good reply since the lookup began counts, however long ago that was', () => {
    const { service, ask, clock } = replicated(0)
    service.answer = TURNED_AWAY
    service.others = false
    service.goodAtMs = clock.monotonicMs()
    clock.advance(4000)
    expect(ask('new@a.example')).toEqual(WAITS)
    service.goodAtMs--
    expect(ask('new@a.example')).toEqual(ABSENT)
  })

  test('a good reply that arrives while a known question is refused counts', async () => {
    const { service, ask, clock } = replicated(0)
    service.answer = TURNED_AWAY
    let refuse = (_: boolean): void => {}
    service.others = new Promise((resolve) => {
      refuse = resolve
    })
    const answer = ask('new@a.example')
    service.goodAtMs = clock.monotonicMs()
    refuse(false)
    expect(await answer).toEqual(WAITS)
  })

  test('a service that has lost its data answers nobody well', () => {
    const { service, ask, clock } = replicated(0)
    service.answer = temporary('canary', 'x')
    service.others = false
    service.goodAtMs = clock.monotonicMs()
    expect(ask('new@a.example')).toEqual(ABSENT)
  })
})

describe('our own full queue', () => {
  const FULL = temporary('overload', 'too many lookups')

  test('makes no key "not found", and the explanation says why', () => {
    const { service, ask, explanation } = replicated(0)
    service.answer = FULL
    service.others = false
    expect(ask('new@a.example')).toEqual({ result: FULL, source: 'upstream' })
    expect(service.asked).toEqual(['new@a.example'])
    expect(explanation.steps).toMatchObject([
      { unused: 'the lookup was not sent, since too many are, and that is no outage' },
    ])
  })

  for (const cause of ['overload', 'stopping', 'defect'] as const) {
    test(`says nothing where it keeps a key of the copy from being sent (${cause}), to no other key either`, () => {
      const { service, ask } = replicated(0)
      service.keys.set('ann@a.example', temporary(cause, 'x'))
      expect(ask('new@a.example')).toEqual({ result: DOWN, source: 'upstream' })
      service.keys.clear()
      expect(ask('next@a.example')).toEqual(ABSENT)
    })
  }
})

describe('a part of the service that fails', () => {
  for (const later of [false, true]) {
    test(`a second key of the copy is asked for where the first fails, ${later ? 'later' : 'at once'}`, async () => {
      const { service, ask, entries } = replicated(0)
      entries.set('bob@b.example', 'b/bob/')
      service.later = later
      service.keys.set('bob@b.example', found('b/bob/'))
      expect(await ask('new@a.example')).toEqual({ result: DOWN, source: 'upstream' })
      expect(service.asked).toEqual(['new@a.example', 'ann@a.example', 'bob@b.example'])
      service.keys.clear()
      expect(await replicated(0).ask('new@a.example')).toEqual(ABSENT)
    })
  }

  test('the first failed and the second was not sent: it is an outage', () => {
    const { service, ask, entries } = replicated(0)
    entries.set('bob@b.example', 'b/bob/')
    service.keys.set('bob@b.example', temporary('overload', 'x'))
    expect(ask('new@a.example')).toEqual(ABSENT)
  })
})
