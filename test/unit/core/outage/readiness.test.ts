import { describe, expect, test } from 'vitest'
import { type OfflineAnswer, readinessOf } from '../../../../src/core/outage/readiness.ts'
import { found, NOT_FOUND } from '../../../../src/core/result.ts'
import { filterByTable } from '../../../../src/core/search/domains-filter.ts'
import { Table, type TableOptions } from '../../../../src/core/table.ts'
import { exactly, ScriptedSource } from '../../../support/core/sources.ts'

function known(answers: ScriptedSource['offline'], name = 'directory'): ScriptedSource {
  const source = new ScriptedSource(name, {})
  Object.assign(source.offline, answers)
  return source
}

function table(sources: ScriptedSource[], options: Partial<TableOptions> = {}): Table {
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

describe('what a table answers without its services', () => {
  const search = () => [
    { key: 'ann+x@a.example', withoutExtension: false },
    { key: 'ann@a.example', withoutExtension: true },
  ]
  const answers: [name: string, sources: ScriptedSource[], expected: OfflineAnswer][] = [
    ['a key that is found', [known({ 'ann+x@a.example': found('1') })], { result: found('1') }],
    [
      'a later search key that is found behind one that is "not found"',
      [known({ 'ann+x@a.example': NOT_FOUND, 'ann@a.example': found('2') })],
      { result: found('2') },
    ],
    [
      'search keys that are all "not found"',
      [known({ 'ann+x@a.example': NOT_FOUND, 'ann@a.example': NOT_FOUND })],
      { result: NOT_FOUND },
    ],
    [
      'a search key that nobody knows, before one that is found',
      [known({ 'ann@a.example': found('2') })],
      { result: undefined, at: 'ann+x@a.example', why: 'no answer is stored that may be used' },
    ],
    [
      'the second of its upstreams, when the first says "not found"',
      [known({ 'ann+x@a.example': NOT_FOUND }), known({ 'ann+x@a.example': found('3') })],
      { result: found('3') },
    ],
    [
      'nothing, when the first of its upstreams does not know',
      [known({}), known({ 'ann+x@a.example': found('3') })],
      { result: undefined, at: 'ann+x@a.example', why: 'no answer is stored that may be used' },
    ],
  ]
  for (const [name, sources, expected] of answers) {
    test(`is given by ${name}`, () => {
      expect(table(sources, { search }).answerOffline('ann+x@a.example', 'ann+x@a.example')).toEqual(expected)
      for (const source of sources) expect(source.asked).toEqual([])
    })
  }

  const domains: [name: string, answers: ScriptedSource['offline'], expected: OfflineAnswer][] = [
    ['is one of ours', { 'a.example': found('ours') }, { result: found('1') }],
    ['is none of ours', { 'a.example': NOT_FOUND }, { result: NOT_FOUND }],
    [
      'is not known',
      {},
      {
        result: undefined,
        at: 'a.example',
        why: 'domains, which knows our domains: no answer is stored that may be used',
      },
    ],
  ]
  for (const [name, answers, expected] of domains) {
    test(`depends on a domains table, whose answer ${name}`, () => {
      const filter = filterByTable('domains')
      const other = table([known(answers)], { name: 'domains' })
      const aliases = table([known({ 'ann@a.example': found('1') })], {
        domains: (key) => {
          const verdict = filter(key)
          return verdict.kind === 'ask' ? { ...verdict, table: other } : verdict
        },
      })
      expect(aliases.answerOffline('ann@a.example', 'ann@a.example')).toEqual(expected)
    })
  }
})

describe('the readiness of a table', () => {
  const answer = (key: string): OfflineAnswer =>
    key.startsWith('known') ? { result: found('1') } : { result: undefined, at: key, why: 'not asked before' }
  const one = (key: string, weight = 1) => ({ key, asked: key, weight })

  test('is the share of the lookups that would be answered, and names the others, the most frequent first', () => {
    const sample = [one('known a', 7), one('rare'), one('often'), one('often')]
    expect(readinessOf(sample, answer)).toEqual({
      lookups: 10,
      sampled: 4,
      ratio: 0.7,
      deferred: [
        { key: 'often', lookups: 2, at: 'often', why: 'not asked before' },
        { key: 'rare', lookups: 1, at: 'rare', why: 'not asked before' },
      ],
    })
  })

  test('is 1 when all would be answered, 0 when none, and not there without lookups', () => {
    expect(readinessOf([one('known', 0.1), one('known', 0.2)], answer).ratio).toBe(1)
    expect(readinessOf([one('a'), one('b')], answer).ratio).toBe(0)
    expect(readinessOf([], answer)).toEqual({ lookups: 0, sampled: 0, deferred: [] })
  })
})
