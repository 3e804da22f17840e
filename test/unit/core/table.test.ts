import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../src/core/observed/explain.ts'
import { temporaryFor } from '../../../src/core/reason.ts'
import { CORE_REASONS } from '../../../src/core/reasons.ts'
import { found, NOT_FOUND, type Sourced, temporary } from '../../../src/core/result.ts'
import type { SearchKey } from '../../../src/core/search/search-keys.ts'
import { LookupContext } from '../../../src/core/source/lookup-context.ts'
import type { TableSource } from '../../../src/core/source/table-source.ts'
import { Table, type TableOptions } from '../../../src/core/table.ts'
import { settle } from '../../support/clock/manual-clock.ts'
import { exactly, KNOWS_NOTHING, later, ScriptedSource } from '../../support/core/sources.ts'

const TRY_LATER = temporary('connect', 'the service refuses connections')

function table(sources: TableSource[], options: Partial<TableOptions> = {}): Table {
  return new Table({
    name: 'aliases',
    sources,
    search: exactly,
    foldCase: true,
    deadlineMs: 5000,
    searchParallel: false,
    ...options,
  })
}

function context(explanation?: Explanation): LookupContext {
  return new LookupContext('Bob+News@x.example', 0, 5000, false, explanation)
}

/** `user+ext@domain`, then `user@domain`, then `@domain`, as for virtual(5). */
function search(): SearchKey[] {
  return [
    { key: 'bob+news@x.example', withoutExtension: false },
    { key: 'bob@x.example', withoutExtension: true },
    { key: '@x.example', withoutExtension: false },
  ]
}

describe('a list of upstreams', () => {
  test('answers with the first that has an answer', () => {
    const first = new ScriptedSource('first', { a: found('1') })
    const second = new ScriptedSource('second', { a: found('2'), b: found('3') })
    const both = table([first, second])
    expect(both.lookup('a', context())).toEqual({ result: found('1'), source: 'static' })
    expect(both.lookup('b', context())).toEqual({ result: found('3'), source: 'static' })
    expect(second.asked).toEqual(['b'])
  })

  test('ends with the failure of one that does not know, and asks no further', async () => {
    const broken = new ScriptedSource('broken', { a: TRY_LATER }, 'upstream')
    const second = new ScriptedSource('second', { a: found('2') })
    expect(table([broken, second]).lookup('a', context())).toEqual({
      result: TRY_LATER,
      source: 'upstream',
      failedAt: broken,
    })
    expect(second.asked).toEqual([])
  })

  test('goes on behind one that answers later', async () => {
    const slow = later()
    const second = new ScriptedSource('second', { a: found('2') })
    const answer = table([new ScriptedSource('slow', { a: slow.ask }), second]).lookup('a', context())
    expect(second.asked).toEqual([])
    slow.answer({ result: NOT_FOUND, source: 'upstream' })
    expect(await answer).toEqual({ result: found('2'), source: 'upstream' })
  })

  test('ends with the failure of one that fails later', async () => {
    const slow = later()
    const second = new ScriptedSource('second', { a: found('2') })
    const first = new ScriptedSource('slow', { a: slow.ask })
    const answer = table([first, second]).lookup('a', context())
    slow.answer({ result: TRY_LATER, source: 'upstream' })
    expect(await answer).toEqual({ result: TRY_LATER, source: 'upstream', failedAt: first })
    expect(second.asked).toEqual([])
  })

  test('is not found when none has the key, counted under the most expensive source', async () => {
    const cached = new ScriptedSource('cached', {}, 'cache')
    expect(table([cached, new ScriptedSource('static', {})]).lookup('a', context())).toEqual({
      result: NOT_FOUND,
      source: 'cache',
    })
  })
})

describe('search keys', () => {
  test('are asked in order until one is found', () => {
    const source = new ScriptedSource('one', {
      'bob@x.example': found('b@y.example'),
      '@x.example': found('all@y.example'),
    })
    expect(table([source], { search }).lookup('bob+news@x.example', context())).toMatchObject({
      result: found('b@y.example'),
    })
    expect(source.asked).toEqual(['bob+news@x.example', 'bob@x.example'])
  })

  test('end with the first failure, so that no catch-all hides what is not known', () => {
    const source = new ScriptedSource('one', {
      'bob@x.example': TRY_LATER,
      '@x.example': found('all@y.example'),
    })
    expect(table([source], { search }).lookup('bob+news@x.example', context())).toMatchObject({
      result: TRY_LATER,
    })
    expect(source.asked).toEqual(['bob+news@x.example', 'bob@x.example'])
  })

  test('are each asked of every upstream before the next key', () => {
    const order: string[] = []
    const noting = (name: string): TableSource => ({
      ...KNOWS_NOTHING,
      name,
      ask: (key): Sourced => {
        order.push(`${name}:${key}`)
        return { result: NOT_FOUND, source: 'static' }
      },
    })
    table([noting('1'), noting('2')], { search }).lookup('bob+news@x.example', context())
    expect(order).toEqual([
      '1:bob+news@x.example',
      '2:bob+news@x.example',
      '1:bob@x.example',
      '2:bob@x.example',
      '1:@x.example',
      '2:@x.example',
    ])
  })

  test('go on behind an answer that comes later, one at a time', async () => {
    const slow = later()
    const source = new ScriptedSource('one', {
      'bob+news@x.example': slow.ask,
      '@x.example': found('all@y.example'),
    })
    const answer = table([source], { search }).lookup('bob+news@x.example', context())
    expect(source.asked).toEqual(['bob+news@x.example'])
    slow.answer({ result: NOT_FOUND, source: 'upstream' })
    expect(await answer).toEqual({ result: found('all@y.example'), source: 'upstream' })
  })

  test('are asked together where the table says so, and answer in their order', async () => {
    const first = later()
    const last = later()
    const source = new ScriptedSource('one', { 'bob+news@x.example': first.ask, '@x.example': last.ask })
    const answer = table([source], { search, searchParallel: true }).lookup('bob+news@x.example', context())
    expect(source.asked).toEqual(['bob+news@x.example', 'bob@x.example', '@x.example'])
    last.answer({ result: found('all@y.example'), source: 'upstream' })
    first.answer({ result: found('b@y.example'), source: 'upstream' })
    expect(await answer).toMatchObject({ result: found('b@y.example') })
  })

  test('are asked at most eight ahead, and the next one when the first of them has answered', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => ({ key: `k${index}`, withoutExtension: false }))
    const answers = keys.map(() => later())
    const scripted = Object.fromEntries(keys.map(({ key }, index) => [key, answers[index]?.ask ?? NOT_FOUND]))
    const source = new ScriptedSource('one', scripted)
    const many = table([source], { search: () => keys, searchParallel: true })
    const answer = many.lookup('k0', context())
    expect(source.asked).toHaveLength(9)
    answers[1]?.answer({ result: NOT_FOUND, source: 'upstream' })
    await settle()
    expect(source.asked).toHaveLength(9)
    answers[0]?.answer({ result: NOT_FOUND, source: 'upstream' })
    await settle()
    expect(source.asked).toEqual(keys.slice(0, 11).map(({ key }) => key))
    answers[2]?.answer({ result: found('c'), source: 'upstream' })
    expect(await answer).toMatchObject({ result: found('c') })
  })
})

describe('the extension', () => {
  const propagate = '+'

  test('is put back as it was written when the match was without it', () => {
    const explanation = new Explanation()
    const source = new ScriptedSource('one', { 'bob@x.example': found('b@y.example') })
    expect(
      table([source], { search, propagate }).lookup('bob+news@x.example', context(explanation)),
    ).toMatchObject({
      result: found('b+News@y.example'),
    })
    expect(explanation.steps).toEqual([
      { step: 'propagated', extension: '+News', before: 'b@y.example', after: 'b+News@y.example' },
    ])
  })

  test('is not put back when the match was with it, nor on a failure', () => {
    const exact = new ScriptedSource('one', { 'bob+news@x.example': found('b@y.example') })
    expect(table([exact], { search, propagate }).lookup('bob+news@x.example', context())).toMatchObject({
      result: found('b@y.example'),
    })
    const broken = new ScriptedSource('one', { 'bob@x.example': TRY_LATER })
    expect(table([broken], { search, propagate }).lookup('bob+news@x.example', context())).toMatchObject({
      result: TRY_LATER,
    })
  })
})

describe('the domains filter', () => {
  test('keeps a key from being asked', () => {
    const source = new ScriptedSource('one', { a: found('1') })
    const explanation = new Explanation()
    const domains = () => ({ kind: 'filtered', domain: 'y.example' }) as const
    expect(table([source], { domains }).lookup('a', context(explanation))).toEqual({
      result: NOT_FOUND,
      source: 'filtered',
    })
    expect(source.asked).toEqual([])
    expect(explanation.steps).toEqual([{ step: 'domains', domain: 'y.example', passed: false }])
  })

  test('lets a key of its domains through', () => {
    const domains = () => ({ kind: 'pass', domain: 'x.example' }) as const
    const explanation = new Explanation()
    const source = new ScriptedSource('one', { a: found('1') })
    expect(table([source], { domains }).lookup('a', context(explanation))).toMatchObject({
      result: found('1'),
    })
    expect(explanation.steps).toEqual([{ step: 'domains', domain: 'x.example', passed: true }])
  })

  const byTable = (sources: TableSource[]) => {
    const filter = table(sources, { name: 'domains' })
    return () => ({ kind: 'ask', domain: 'x.example', table: filter }) as const
  }

  test('that is another table lets through what that table has', () => {
    const domains = byTable([new ScriptedSource('d', { 'x.example': found('yes') })])
    expect(
      table([new ScriptedSource('one', { a: found('1') })], { domains }).lookup('a', context()),
    ).toMatchObject({
      result: found('1'),
    })
  })

  test('that is another table keeps away what that table does not have', async () => {
    const slow = later()
    const source = new ScriptedSource('one', { a: found('1') })
    const answer = table([source], {
      domains: byTable([new ScriptedSource('d', { 'x.example': slow.ask })]),
    }).lookup('a', context())
    slow.answer({ result: NOT_FOUND, source: 'upstream' })
    expect(await answer).toEqual({ result: NOT_FOUND, source: 'filtered' })
    expect(source.asked).toEqual([])
  })

  test('that is another table is asked by the A-label, too, before the domain is none of ours', async () => {
    const filter = table([new ScriptedSource('d', { 'xn--bcher-kva.example': found('yes') })], {
      name: 'domains',
    })
    const ask = (domain: string) =>
      table([new ScriptedSource('one', { a: found('1') })], {
        domains: () => ({ kind: 'ask', domain, table: filter }),
      })
    for (const domain of ['bücher.example', 'xn--bcher-kva.example']) {
      expect(await ask(domain).lookup('a', context())).toMatchObject({ result: found('1') })
    }
    expect(await ask('bäcker.example').lookup('a', context())).toEqual({
      result: NOT_FOUND,
      source: 'filtered',
    })
  })

  test('that does not know makes the lookup temporary, never not found', () => {
    const source = new ScriptedSource('one', { a: found('1') })
    const list = new ScriptedSource('d', { 'x.example': TRY_LATER }, 'upstream')
    const domains = byTable([list])
    expect(table([source], { domains }).lookup('a', context())).toEqual({
      result: temporaryFor(CORE_REASONS.domainsTable, TRY_LATER.reason),
      source: 'upstream',
      failedAt: list,
    })
    expect(source.asked).toEqual([])
  })
})

describe('a client that tries partial keys itself', () => {
  const exact = (key: string) => new LookupContext(key, 0, 5000, false, undefined, undefined, true)

  const resultOf = (sourced: Sourced | Promise<Sourced>) => 'result' in sourced && sourced.result

  test('gets the answer for its key and for no other', () => {
    const source = new ScriptedSource('users', { 'bob@x.example': found('1') })
    const whole = table([source], { search, propagate: '+' })
    expect(resultOf(whole.lookup('bob+news@x.example', exact('bob+news@x.example')))).toEqual(NOT_FOUND)
    expect(source.asked).toEqual(['bob+news@x.example'])
    expect(resultOf(whole.lookup('bob@x.example', exact('bob@x.example')))).toEqual(found('1'))
    expect(resultOf(whole.lookup('bob+news@x.example', context()))).toEqual(found('1+News'))
  })

  test('is filtered by the domain of an address, and not by a partial key that has none', () => {
    const keys = ['bob@', '.example', 'x.example', '*', 'bob']
    const source = new ScriptedSource('users', Object.fromEntries(keys.map((key) => [key, found('1')])))
    const filtered = table([source], { domains: (key) => ({ kind: 'filtered', domain: key }) })
    for (const key of keys) {
      expect(resultOf(filtered.lookup(key, exact(key)))).toEqual(found('1'))
      expect(resultOf(filtered.lookup(key, context()))).toEqual(NOT_FOUND)
    }
    expect(resultOf(filtered.lookup('bob@x.example', exact('bob@x.example')))).toEqual(NOT_FOUND)
    expect(resultOf(filtered.lookup('@x.example', exact('@x.example')))).toEqual(NOT_FOUND)
    expect(source.asked).toEqual(keys)
  })

  test('is as ready for an outage as its own key is', () => {
    const known = new ScriptedSource('users', {})
    known.offline['bob@x.example'] = { kind: 'notfound' }
    known.offline['@x.example'] = { kind: 'found', value: '1' }
    const catchAll = table([known], {
      search: (key) => [
        { key, withoutExtension: false },
        { key: '@x.example', withoutExtension: false },
      ],
    })
    const key = 'bob@x.example'
    expect([catchAll.answerOffline(key, key).result, catchAll.answerOffline(key, key, true).result]).toEqual([
      found('1'),
      NOT_FOUND,
    ])
  })
})
