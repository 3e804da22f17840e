import { describe, expect, test } from 'vitest'
import type { Query } from '../../../src/core/lookup.ts'
import { Explanation } from '../../../src/core/observed/explain.ts'
import { type Observer, silentObserver } from '../../../src/core/observed/observer.ts'
import { RecentLookups } from '../../../src/core/outage/recent-lookups.ts'
import { Resolver } from '../../../src/core/resolver.ts'
import { found, type LookupResult, NOT_FOUND } from '../../../src/core/result.ts'
import type { TableSource } from '../../../src/core/source/table-source.ts'
import { Table } from '../../../src/core/table.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { exactly, KNOWS_NOTHING, later, ScriptedSource } from '../../support/core/sources.ts'

interface Seen {
  readonly table: string
  readonly kind: string
  readonly source: string
  readonly durationMs: number
}

/** A resolver over one table `aliases`, and what its observer was told. */
function setUp(source: TableSource) {
  const seen: Seen[] = []
  const defects: unknown[] = []
  const observer: Observer = {
    ...silentObserver,
    table: (table) => ({
      ...silentObserver.table(table),
      answered: (_query, result, from, durationMs) =>
        seen.push({ table, kind: result.kind, source: from, durationMs }),
    }),
    defect: (error) => defects.push(error),
  }
  const clock = new ManualClock()
  const resolver = new Resolver(clock, observer)
  const options = { search: exactly, foldCase: true, deadlineMs: 5000, searchParallel: false }
  resolver.serve([new Table({ name: 'aliases', sources: [source], ...options })])
  return { resolver, clock, seen, defects }
}

function query(key: string | Buffer, table = 'aliases'): Query {
  return { protocol: 'socketmap', table, key: Buffer.from(key) }
}

describe('Resolver', () => {
  test('answers synchronously what it can, with the key folded', () => {
    const { resolver, seen } = setUp(
      new ScriptedSource('one', { 'a@x.example': found('b@x.example') }, 'cache'),
    )
    expect(resolver.lookup(query('A@X.Example'))).toEqual(found('b@x.example'))
    expect(seen).toEqual([{ table: 'aliases', kind: 'found', source: 'cache', durationMs: 0 }])
  })

  test('bypasses the stored answers when it is asked to, and not otherwise', () => {
    const bypasses: boolean[] = []
    const source: TableSource = {
      ...KNOWS_NOTHING,
      name: 'one',
      ask: (_key, context) => {
        bypasses.push(context.bypass)
        return { result: NOT_FOUND, source: 'upstream' }
      },
    }
    const { resolver } = setUp(source)
    resolver.lookup(query('a'))
    resolver.lookup(query('a'), {})
    resolver.lookup(query('a'), { cache: 'bypass' })
    expect(bypasses).toEqual([false, false, true])
  })

  test('answers a table that is not configured as a permanent error, counted without its name', () => {
    const { resolver, seen } = setUp(new ScriptedSource('one', {}))
    expect(resolver.lookup(query('a', 'nosuch'))).toMatchObject({ kind: 'permanent', cause: 'no-table' })
    expect(seen).toEqual([{ table: '', kind: 'permanent', source: 'refused', durationMs: 0 }])
  })

  test('asks nobody for a key that cannot exist', () => {
    const source = new ScriptedSource('one', {})
    const { resolver, seen } = setUp(source)
    const explanation = new Explanation()
    expect(resolver.lookup(query(Buffer.from([0xff])), { explanation })).toEqual(NOT_FOUND)
    expect(source.asked).toEqual([])
    expect(seen).toEqual([{ table: 'aliases', kind: 'notfound', source: 'filtered', durationMs: 0 }])
    expect(explanation.steps[0]).toMatchObject({ step: 'key', key: undefined })
  })

  test('a key that is looked for after waiting is not judged by the time of the begin', async () => {
    const clock = new ManualClock()
    clock.advance(1000)
    const times: (number | undefined)[] = []
    const source: TableSource = {
      ...KNOWS_NOTHING,
      name: 'one',
      ask: (key, { nowMs }) => {
        times.push(nowMs)
        const answer = { result: NOT_FOUND, source: 'upstream' } as const
        return key === 'b' ? Promise.resolve(answer) : answer
      },
    }
    const resolver = new Resolver(clock, silentObserver)
    const search = () => ['a', 'b', 'c'].map((key) => ({ key, withoutExtension: false }))
    const options = { search, foldCase: true, deadlineMs: 5000, searchParallel: false }
    resolver.serve([new Table({ name: 'aliases', sources: [source], ...options })])
    await resolver.lookup(query('a'))
    expect(times).toEqual([clock.monotonicMs(), clock.monotonicMs(), undefined])
  })

  test('takes what mail asks for the sample of recent lookups, and not what is asked by hand', () => {
    const resolver = new Resolver(new ManualClock(), silentObserver)
    const recent = new RecentLookups(() => 0.5)
    const options = { search: exactly, foldCase: true, deadlineMs: 5000, searchParallel: false, recent }
    resolver.serve([new Table({ name: 'aliases', sources: [new ScriptedSource('one', {})], ...options })])
    resolver.lookup({ ...query('Tried'), protocol: 'admin' })
    expect(Array.from(recent.sample(0))).toEqual([])
    resolver.lookup(query('Asked'))
    expect(Array.from(recent.sample(0))).toEqual([{ key: 'asked', asked: 'Asked', exact: false, weight: 1 }])
  })

  test('tells how long a lookup took', async () => {
    const slow = later()
    const { resolver, clock, seen } = setUp(new ScriptedSource('one', { a: slow.ask }))
    const answer = resolver.lookup(query('a'))
    expect(resolver.waiting).toBe(1)
    clock.advance(250)
    slow.answer({ result: found('b'), source: 'upstream' })
    expect(await answer).toEqual(found('b'))
    expect(seen).toEqual([{ table: 'aliases', kind: 'found', source: 'upstream', durationMs: 250 }])
    expect(resolver.waiting).toBe(0)
  })

  test('answers an exception as temporary, and reports it', () => {
    const boom = new Error('boom')
    const { resolver, defects } = setUp({
      ...KNOWS_NOTHING,
      name: 'broken',
      ask: () => {
        throw boom
      },
    })
    expect(resolver.lookup(query('a'))).toMatchObject({ kind: 'temporary', cause: 'defect' })
    expect(defects).toEqual([boom])
  })

  test('answers a rejection as temporary, and reports it', async () => {
    const slow = later()
    const { resolver, defects } = setUp(new ScriptedSource('one', { a: slow.ask }))
    const answer = resolver.lookup(query('a'))
    slow.fail('boom')
    expect(await answer).toMatchObject({ kind: 'temporary', cause: 'defect' })
    expect(defects).toEqual(['boom'])
  })

  test('answers every waiting lookup once when it stops, and all later ones as temporary', async () => {
    const slow = later()
    const { resolver, seen } = setUp(new ScriptedSource('one', { a: slow.ask, b: found('c') }))
    const answer = resolver.lookup(query('a'))
    resolver.stop()
    expect(await answer).toMatchObject({ kind: 'temporary', cause: 'stopping' })
    slow.answer({ result: found('late'), source: 'upstream' })
    expect(resolver.lookup(query('b'))).toMatchObject({ kind: 'temporary', cause: 'stopping' })
    expect(resolver.lookup(query('b', 'nosuch'))).toMatchObject({ kind: 'temporary', cause: 'stopping' })
    await Promise.resolve()
    expect(seen.map(({ table, kind }) => `${table} ${kind}`)).toEqual([
      'aliases temporary',
      'aliases temporary',
      ' temporary',
    ])
  })

  test('records the key and the answer for who asks why', () => {
    const { resolver } = setUp(new ScriptedSource('one', { a: found('b') }))
    const explanation = new Explanation()
    const result = resolver.lookup(query('A'), { explanation }) as LookupResult
    expect(explanation.steps).toEqual([
      { step: 'key', key: 'a' },
      { step: 'answer', source: 'static', result },
    ])
  })
})
