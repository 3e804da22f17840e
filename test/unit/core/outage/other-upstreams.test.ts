/**
 * A deny list over several upstreams of which one fails: what another one finds is not unknown, so no check is missed.
 */
import { describe, expect, test } from 'vitest'
import type { Query } from '../../../../src/core/lookup.ts'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import type { OutagePolicy } from '../../../../src/core/outage/outage-rules.ts'
import { found, type LookupResult, NOT_FOUND, temporary } from '../../../../src/core/result.ts'
import { searchKeys } from '../../../../src/core/search/search-keys.ts'
import { LookupContext } from '../../../../src/core/source/lookup-context.ts'
import { Table } from '../../../../src/core/table.ts'
import { later, ScriptedSource } from '../../../support/core/sources.ts'

const DOWN = temporary('connect', 'the service refuses connections')
const SEARCH = {
  recipientDelimiter: '',
  localDomains: new Set<string>(),
  parentDomainMatchesSubdomains: true,
}
const ALL = ['b@bad.example', 'bad.example', 'example', 'b@']

/** The table asks `first` and then `second`; whoever is down fails for every key. */
function list(
  entries: { first: Record<string, LookupResult> | 'down'; second: Record<string, LookupResult> | 'down' },
  policy: Partial<OutagePolicy> = {},
  query?: Query,
) {
  const [first, second] = (['first', 'second'] as const).map((name) => {
    const own = entries[name]
    const answers = own === 'down' ? Object.fromEntries(ALL.map((key) => [key, DOWN])) : own
    const source = new ScriptedSource(name, answers, 'upstream')
    source.others = own !== 'down'
    return source
  }) as [ScriptedSource, ScriptedSource]
  const table = new Table({
    name: 'senders',
    sources: [first, second],
    search: (key) => searchKeys('access-address', key, SEARCH),
    foldCase: true,
    deadlineMs: 5000,
    searchParallel: false,
    outage: { isExistence: false, whenUnknown: 'notFound', onAnswered: () => {}, ...policy },
  })
  const explanation = new Explanation()
  const context = () => new LookupContext('b@bad.example', 0, 5000, false, explanation, query)
  return { first, second, explanation, lookup: async () => table.lookup('b@bad.example', context()) }
}

describe('one of two upstreams is down', () => {
  test('the second: a domain that the first one has is no unknown one', async () => {
    const { lookup, first, explanation } = list({
      first: { 'bad.example': found('REJECT') },
      second: 'down',
    })
    expect(await lookup()).toMatchObject({ result: DOWN })
    expect(first.asked).toEqual(['b@bad.example', 'b@bad.example', 'bad.example'])
    expect(explanation.steps).toEqual([
      {
        step: 'outage',
        rule: 'when-unknown',
        used: false,
        key: 'bad.example',
        why: 'is known to be found, so the answer is not unknown',
      },
    ])
  })

  test('the first: a user that the second one has is no unknown one', async () => {
    const { lookup, second } = list({ first: 'down', second: { 'b@': found('REJECT') } })
    expect(await lookup()).toMatchObject({ result: DOWN })
    expect(second.asked).toEqual(['b@bad.example', 'bad.example', 'example', 'b@'])
  })

  test('what the other one does not find is unknown', async () => {
    const { lookup, second } = list({ first: 'down', second: {} })
    expect(await lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    expect(second.asked).toEqual(['b@bad.example', 'bad.example', 'example', 'b@'])
  })

  test('what the other one finds later counts, too', async () => {
    const slow = later()
    const { lookup } = list({ first: 'down', second: { 'b@bad.example': slow.ask as never } })
    const answer = lookup()
    slow.answer({ result: found('REJECT'), source: 'upstream' })
    expect(await answer).toMatchObject({ result: DOWN })
  })

  test('both: one that fails is asked once', async () => {
    const { lookup, second } = list({ first: 'down', second: 'down' })
    expect(await lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    expect(second.asked).toEqual(['b@bad.example'])
  })

  test('nothing is asked where the service that failed answers others', async () => {
    const { lookup, first, second } = list({ first: 'down', second: { 'b@': found('REJECT') } })
    first.others = true
    expect(await lookup()).toMatchObject({ result: DOWN })
    expect(second.asked).toEqual([])
  })

  test('nothing is asked twice where asking has side effects, or more than a key is asked', async () => {
    const entries = { first: 'down', second: { 'b@': found('REJECT') } } as const
    const counting = list(entries, { hasSideEffects: true })
    expect(await counting.lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    expect(counting.second.asked).toEqual([])
    const policy = list(entries, {}, { protocol: 'policy', table: 'senders', key: Buffer.from('b') })
    expect(await policy.lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    expect(policy.second.asked).toEqual([])
  })
})
