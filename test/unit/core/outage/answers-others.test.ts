/**
 * A key fails while the service answers others: a stranger may have chosen it, and no check is missed for it.
 */
import { describe, expect, test } from 'vitest'
import { LookupContext } from '../../../../src/core/lookup-context.ts'
import { found, NOT_FOUND } from '../../../../src/core/result.ts'
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

  test('counts beside an upstream of which nothing is known, and not beside one that is down', () => {
    const [first, second] = [
      new ScriptedSource('first', { k: DOWN }, 'upstream'),
      new ScriptedSource('second', {}, 'upstream'),
    ]
    const table = new Table({
      name: 'senders',
      sources: [first, second],
      search: (key) => [{ key, withoutExtension: false }],
      foldCase: true,
      deadlineMs: 5000,
      searchParallel: false,
      outage: { isExistence: false, whenUnknown: 'notFound', onAnswered: () => {} },
    })
    const lookup = () => table.lookup('k', new LookupContext('k', 0, 5000, false, undefined))
    first.others = true
    expect(lookup()).toMatchObject({ result: DOWN })
    second.others = false
    expect(lookup()).toMatchObject({ result: NOT_FOUND })
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
    expect(lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    domains.others = true
    expect(lookup()).toMatchObject({ result: { kind: 'temporary' } })
  })
})
