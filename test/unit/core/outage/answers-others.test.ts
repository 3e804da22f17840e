/**
 * A key fails while the service answers others: a stranger may have chosen it, and no check is missed for it.
 */
import { describe, expect, test } from 'vitest'
import { found, NOT_FOUND, ofService, permanent, temporary } from '../../../../src/core/result.ts'
import { LookupContext } from '../../../../src/core/source/lookup-context.ts'
import { Table } from '../../../../src/core/table.ts'
import { ScriptedSource } from '../../../support/core/sources.ts'
import { ALL_NO, DOWN, setUp, yes } from './outage-rules-set-up.ts'

describe('a service that answers others while a key fails', () => {
  const WHEN_UNKNOWN = { staleNotFound: undefined, whenUnknown: 'notFound' as const }

  test('is no outage: the failure is the answer, and the explanation says why', () => {
    const { lookup, rules, explanation, source } = setUp({ knows: ALL_NO })
    source.others = true
    expect(lookup()).toEqual({ result: DOWN, source: 'upstream' })
    expect(rules).toEqual([])
    expect(explanation.steps.at(-1)).toEqual({
      step: 'outage',
      rule: 'stale-not-found',
      used: false,
      why: 'the service answers others, so this is no outage',
    })
  })

  test('is no reason to miss a check', () => {
    const { lookup, rules, source } = setUp({ policy: WHEN_UNKNOWN })
    source.others = true
    expect(lookup()).toEqual({ result: DOWN, source: 'upstream' })
    expect(rules).toEqual([])
  })

  test('is found out first where that takes a question', async () => {
    const { lookup, source } = setUp({ policy: WHEN_UNKNOWN })
    source.others = Promise.resolve(true)
    expect(await lookup()).toEqual({ result: DOWN, source: 'upstream' })
    source.others = Promise.resolve(false)
    expect(await lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    source.others = false
    expect(lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
  })

  describe('in a list of upstreams', () => {
    /** A list of two, of which the one that is named fails. */
    const list = (failing: 'first' | 'second') => {
      const sources = (['first', 'second'] as const).map(
        (name) => new ScriptedSource(name, name === failing ? { k: DOWN } : {}, 'upstream'),
      )
      const table = new Table({
        name: 'senders',
        sources,
        search: (key) => [{ key, withoutExtension: false }],
        foldCase: true,
        deadlineMs: 5000,
        searchParallel: false,
        outage: { isExistence: false, whenUnknown: 'notFound', onAnswered: () => {} },
      })
      const lookup = () => table.lookup('k', new LookupContext('k', 0, 5000, false, undefined))
      return { lookup, first: sources[0] as ScriptedSource, second: sources[1] as ScriptedSource }
    }

    test('is the one that failed: that the other one is down does not matter', async () => {
      const { lookup, first, second } = list('first')
      first.others = true
      second.others = false
      expect(lookup()).toMatchObject({ result: DOWN })
      first.others = false
      second.others = true
      expect(await lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    })

    test('answers where one of them gave what the client would not read', () => {
      const values = { k: found('no action') }
      const sources = [new ScriptedSource('first', {}, 'upstream'), new ScriptedSource('second', values)]
      for (const source of sources) source.others = false
      const table = new Table({
        name: 'senders',
        sources,
        search: (key) => [{ key, withoutExtension: false }],
        foldCase: true,
        deadlineMs: 5000,
        searchParallel: false,
        attributes: { cacheBy: undefined, secret: new Set(), salt: Buffer.alloc(0) },
        outage: { isExistence: false, whenUnknown: 'notFound', onAnswered: () => {} },
      })
      const unread = temporary('unreadable', 'no action')
      const query = {
        protocol: 'policy',
        table: 'senders',
        key: Buffer.from('k'),
        client: { deliverable: () => unread },
      }
      const lookup = table.lookup('k', new LookupContext('k', 0, 5000, false, undefined, query))
      expect(lookup).toMatchObject({ result: unread })
    })

    test('is the second one where the first said "not found"', async () => {
      const { lookup, first, second } = list('second')
      first.others = false
      second.others = true
      expect(lookup()).toMatchObject({ result: DOWN })
      first.others = true
      second.others = false
      expect(await lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    })
  })

  const OUTAGE_ONLY_IF_SEEN = [
    ['a refused request', permanent('refused', 'the service answered 401')],
    ['a full queue', temporary('overload', 'too many lookups at once')],
  ] as const
  for (const [name, failure] of OUTAGE_ONLY_IF_SEEN) {
    test(`is not doubted for ${name} alone: only a known question that fails, too, shows an outage`, () => {
      const { lookup, source, explanation } = setUp({ policy: WHEN_UNKNOWN, failure })
      expect(lookup()).toEqual({ result: failure, source: 'upstream' })
      expect(explanation.steps.at(-1)).toMatchObject({ why: 'no outage of the service is seen' })
      source.others = true
      expect(lookup()).toEqual({ result: failure, source: 'upstream' })
      source.others = false
      expect(lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    })
  }

  describe('where nobody can tell', () => {
    const OF_SERVICE = [
      ['no connection', temporary('connect', 'refused')],
      ['no reply', temporary('timeout', 'no answer')],
      ['an open circuit', temporary('circuit', 'open')],
      ['no access token', temporary('token', 'none')],
      ['503', ofService(temporary('status', 'the service answered 503'))],
    ] as const
    for (const [name, failure] of OF_SERVICE) {
      test(`is an outage for ${name}, which does not depend on what was asked`, () => {
        const { lookup } = setUp({ policy: WHEN_UNKNOWN, failure })
        expect(lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
      })
    }

    const OF_QUESTION = [
      ['500', temporary('status', 'the service answered 500')],
      ['429', temporary('status', 'the service answered 429')],
      ['an unreadable body', temporary('unreadable', 'no JSON')],
      ['an error field', temporary('service', 'an error')],
      ['a "not found" that is not believed', temporary('canary', 'missing')],
      ['403', permanent('refused', 'the service answered 403')],
    ] as const
    for (const [name, failure] of OF_QUESTION) {
      test(`lets nobody in for ${name}, which may be about one question`, () => {
        const { lookup } = setUp({ policy: WHEN_UNKNOWN, failure })
        expect(lookup()).toEqual({ result: failure, source: 'upstream' })
      })
    }

    test('is an outage for the last "not found" all the same', () => {
      const failure = temporary('status', 'the service answered 500')
      const { lookup } = setUp({ knows: ALL_NO, failure })
      expect(lookup()).toEqual({ result: NOT_FOUND, source: 'stale' })
    })
  })

  for (const [others, why] of [
    ['failing', 'the service may only be busy, so no outage is seen yet'],
    ['missing', 'the canary of this table is missing, and no other table fails, so this is no outage'],
  ] as const) {
    test(`is not doubted where it is ${others}`, () => {
      const { lookup, source, explanation } = setUp({ policy: WHEN_UNKNOWN })
      source.others = others
      expect(lookup()).toEqual({ result: DOWN, source: 'upstream' })
      expect(explanation.steps.at(-1)).toMatchObject({ used: false, why })
    })
  }

  test('is asked carefully for a rule that lets somebody in, and for no other', () => {
    const missing = setUp({ policy: WHEN_UNKNOWN })
    missing.lookup()
    const stale = setUp({ knows: ALL_NO })
    stale.lookup()
    expect([missing, stale].map(({ source }) => source.othersAsked)).toMatchObject([
      [{ deadlineMs: 5000, isCareful: true }],
      [{ deadlineMs: 5000, isCareful: false }],
    ])
  })

  test('does not matter for a rule that cannot be wrong', () => {
    const { lookup, rules, source } = setUp({
      knows: { 'ann@a.example': yes('ann') },
      policy: { isExistence: true },
    })
    source.others = true
    expect(lookup()).toMatchObject({ result: found('ann') })
    expect(rules).toEqual(['existence'])
  })

  test('is not the one that knows the domains: where that fails, it is an outage', async () => {
    const [source, domains] = [
      new ScriptedSource('directory', {}, 'upstream'),
      new ScriptedSource('list', { 'a.example': DOWN }),
    ]
    const plain = {
      foldCase: true,
      deadlineMs: 5000,
      searchParallel: false,
      search: (key: string) => [{ key, withoutExtension: false }],
    }
    const table = new Table({
      ...plain,
      name: 'senders',
      sources: [source],
      domains: () => ({
        kind: 'ask',
        domain: 'a.example',
        table: new Table({ ...plain, name: 'domains', sources: [domains] }),
      }),
      outage: { isExistence: false, whenUnknown: 'notFound', onAnswered: () => {} },
    })
    const lookup = () =>
      table.lookup('x@a.example', new LookupContext('x@a.example', 0, 5000, false, undefined))
    source.others = true
    domains.others = false
    expect(await lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    domains.others = true
    expect(lookup()).toMatchObject({ result: { kind: 'temporary' } })
  })
})
