import { describe, expect, test } from 'vitest'
import type { ProofTable } from '../../../../src/core/outage/outage-rules.ts'
import { found, NOT_FOUND, permanent, type TemporaryCause, temporary } from '../../../../src/core/result.ts'
import { LookupContext } from '../../../../src/core/source/lookup-context.ts'
import type { KnownAnswer } from '../../../../src/core/source/table-source.ts'
import { Table } from '../../../../src/core/table.ts'
import { ScriptedSource } from '../../../support/core/sources.ts'
import { ALL_NO, DAY, DOWN, KEYS, no, type SetUp, setUp, yes } from './outage-rules-set-up.ts'

describe('the last "not found" in an outage', () => {
  test('counts when every search key had one, proven and young enough, and the proof table has the key', () => {
    const { lookup, rules, explanation } = setUp({ knows: ALL_NO })
    expect(lookup()).toEqual({ result: NOT_FOUND, source: 'stale' })
    expect(rules).toEqual(['stale-not-found'])
    expect(explanation.steps).toEqual([
      {
        step: 'outage',
        rule: 'stale-not-found',
        used: true,
        why: 'it was the last answer, and mailboxes has the key',
      },
    ])
  })

  test('counts until it is as old as it may be', () => {
    const aged = (ageMs: number) => setUp({ knows: { ...ALL_NO, '@a.example': no({ ageMs }) } }).lookup()
    expect(aged(DAY - 1)).toMatchObject({ result: NOT_FOUND })
    expect(aged(DAY)).toMatchObject({ result: DOWN })
  })

  const broken: [name: string, options: SetUp, about: { key?: string; why: string }][] = [
    [
      'the first search key was not asked before',
      { knows: { ...ALL_NO, 'ann+x@a.example': undefined as unknown as KnownAnswer } },
      { key: 'ann+x@a.example', why: 'was not asked before, or is forgotten' },
    ],
    [
      'the last search key was not asked before',
      { knows: { ...ALL_NO, '@a.example': undefined as unknown as KnownAnswer } },
      { key: '@a.example', why: 'was not asked before, or is forgotten' },
    ],
    [
      'one answer came from a service without a canary',
      { knows: { ...ALL_NO, 'ann@a.example': no({ confirmedByCanary: false }) } },
      { key: 'ann@a.example', why: 'was answered by a service without a canary' },
    ],
    [
      'one answer is too old',
      { knows: { ...ALL_NO, 'ann@a.example': no({ ageMs: 2 * DAY }) } },
      { key: 'ann@a.example', why: 'was answered longer ago than staleNotFound.for allows' },
    ],
    [
      'the proof table is not known to have the key',
      { knows: ALL_NO, proofKnows: false },
      { why: 'mailboxes is not known to have the key' },
    ],
  ]
  for (const [name, options, about] of broken) {
    test(`does not count when ${name}`, () => {
      const { lookup, rules, explanation } = setUp(options)
      expect(lookup()).toEqual({ result: DOWN, source: 'upstream' })
      expect(rules).toEqual([])
      expect(explanation.steps).toEqual([{ step: 'outage', rule: 'stale-not-found', used: false, ...about }])
    })
  }

  test('does not count where the table has no such rule', () => {
    const { lookup, explanation } = setUp({ knows: ALL_NO, policy: { staleNotFound: undefined } })
    expect(lookup()).toEqual({ result: DOWN, source: 'upstream' })
    expect(explanation.steps).toEqual([])
  })

  test('does not count when the service answered, be it with a refusal', () => {
    const failure = permanent('refused', 'the service answered 403')
    expect(setUp({ knows: ALL_NO, failure }).lookup()).toEqual({ result: failure, source: 'upstream' })
  })

  test('needs no proof table by the word of the operator', () => {
    const { lookup, explanation } = setUp({ knows: ALL_NO, policy: { staleNotFound: { forMs: DAY } } })
    expect(lookup()).toEqual({ result: NOT_FOUND, source: 'stale' })
    expect(explanation.steps).toMatchObject([{ used: true, why: 'it was the last answer' }])
  })

  for (const [cause, counts] of [
    ['timeout', true],
    ['status', true],
    ['unreadable', true],
    ['circuit', true],
    ['canary', true],
    ['overload', false], // unless the service is seen to answer nobody
    ['stopping', false],
    ['defect', false],
    ['too-long', false],
  ] as [TemporaryCause, boolean][]) {
    test(`${counts ? 'counts' : 'does not count'} after a failure by ${cause}`, () => {
      const { lookup } = setUp({ knows: ALL_NO, failure: temporary(cause, 'why') })
      expect(lookup()).toMatchObject({ result: { kind: counts ? 'notfound' : 'temporary' } })
    })
  }

  test('does not count for a lookup that wants the word of the service', () => {
    expect(setUp({ knows: ALL_NO }).lookup(true)).toMatchObject({ result: DOWN })
  })
})

describe('a proof table that is asked in the outage', () => {
  /** Knew the key by what is stored, until its own service is asked and says that the mailbox is gone. */
  const deletedMailbox = () => {
    let has = true
    const proof: ProofTable = {
      name: 'mailboxes',
      refusal: () => (has ? undefined : 'mailboxes is not known to have the key'),
      ask: () =>
        Promise.resolve().then(() => {
          has = false
        }),
      prove: () => {},
    }
    return setUp({ knows: ALL_NO, policy: { staleNotFound: { forMs: DAY, proof } } })
  }

  for (const [name, others] of [
    ['at once', false],
    ['by a question', Promise.resolve(false)],
  ] as const) {
    test(`is no proof for a mailbox that is deleted, where the outage is seen ${name}`, async () => {
      const { lookup, rules, source } = deletedMailbox()
      source.others = others
      expect(await lookup()).toEqual({ result: DOWN, source: 'upstream' })
      expect(rules).toEqual([])
    })
  }
})

describe('a "not found" that the service has just given', () => {
  const answered = (proofKnows: boolean, source: 'upstream' | 'cache') => {
    const directory = new ScriptedSource('directory', {}, source)
    const proved: string[] = []
    const proof: ProofTable = {
      name: 'mailboxes',
      refusal: () => (proofKnows ? undefined : 'no'),
      ask: () => undefined,
      prove: (key, asked, foundThere) => {
        proved.push(`${key} ${asked}`)
        if (proofKnows) foundThere()
      },
    }
    const table = new Table({
      name: 'aliases',
      sources: [directory],
      search: () => KEYS.map((key) => ({ key, withoutExtension: false })),
      foldCase: true,
      deadlineMs: 5000,
      searchParallel: false,
      outage: { isExistence: false, staleNotFound: { forMs: DAY, proof }, onAnswered: () => {} },
    })
    table.lookup('ann+x@a.example', new LookupContext('Ann+x@a.example', 0, 5000, false, undefined))
    return { proved, protected: directory.protected }
  }

  test('is looked up in the proof table at once, and kept when that has the key', () => {
    expect(answered(true, 'upstream')).toEqual({
      proved: ['ann+x@a.example Ann+x@a.example'],
      protected: KEYS,
    })
  })

  test('is not kept when the proof table has not the key', () => {
    expect(answered(false, 'upstream')).toMatchObject({ protected: [] })
  })

  test('is not looked up again while it is served from the store', () => {
    expect(answered(true, 'cache')).toEqual({ proved: [], protected: [] })
  })
})

describe('an existence table', () => {
  const policy = { isExistence: true, staleNotFound: undefined }

  for (const [name, knows] of [
    ['an earlier one is unknown', { '@a.example': yes('any') }],
    [
      'an earlier one was not found before the later one was found',
      { ...ALL_NO, '@a.example': yes('any', { foundForMs: 1 }) },
    ],
  ] as [string, Record<string, KnownAnswer>][]) {
    test(`has what a later search key is known to be found for, although ${name}`, () => {
      const { lookup, rules } = setUp({ policy, knows })
      expect(lookup()).toEqual({ result: found('any'), source: 'stale' })
      expect(rules).toEqual(['existence'])
    })
  }

  test('has nothing when no search key is known to be found', () => {
    expect(setUp({ policy, knows: ALL_NO }).lookup()).toEqual({ result: DOWN, source: 'upstream' })
  })
})

describe('a table of values', () => {
  const policy = { staleNotFound: undefined }
  const combined = (foundForMs: number) => ({ ...ALL_NO, '@a.example': yes('box@b.example', { foundForMs }) })

  for (const [foundForMs, expected] of [
    [1000, { result: found('box@b.example'), source: 'stale' }],
    [999, { result: DOWN, source: 'upstream' }],
  ] as const) {
    test(`with a "not found" 1000 ms old before a key that is found for ${foundForMs} ms`, () => {
      expect(setUp({ policy, knows: combined(foundForMs) }).lookup()).toEqual(expected)
    })
  }

  test('does not answer for a later key when an earlier one is unknown', () => {
    const knows = { 'ann@a.example': no(), '@a.example': yes('box@b.example', { foundForMs: DAY }) }
    expect(setUp({ policy, knows }).lookup()).toEqual({ result: DOWN, source: 'upstream' })
  })

  test('is not "not found" when a later key is found, whatever the proof table has', () => {
    const { lookup, rules } = setUp({ knows: combined(999) })
    expect(lookup()).toMatchObject({ result: DOWN })
    expect(rules).toEqual([])
  })

  test('of several upstreams does not answer by a later one when the "not found" of an earlier one is not current', () => {
    for (const [ageMs, isFresh, expected] of [
      [0, false, { result: found('second'), source: 'stale' }],
      [1, false, { result: DOWN, source: 'upstream' }],
      [1, true, { result: found('second'), source: 'stale' }],
    ] as const) {
      const first = new ScriptedSource('first', { a: DOWN }, 'upstream')
      const second = new ScriptedSource('second', {})
      first.knows.a = no({ ageMs })
      if (isFresh) first.offline.a = NOT_FOUND
      second.knows.a = yes('second', { foundForMs: DAY })
      const table = new Table({
        name: 'aliases',
        sources: [first, second],
        search: (key) => [{ key, withoutExtension: false }],
        foldCase: true,
        deadlineMs: 5000,
        searchParallel: false,
        outage: { isExistence: false, onAnswered: () => {} },
      })
      expect(table.lookup('a', new LookupContext('a', 0, 5000, false, undefined))).toMatchObject(expected)
    }
  })

  test('of three upstreams does not answer by the last one when the first one is not current and the second is', () => {
    const sources = [
      new ScriptedSource('first', { a: DOWN }, 'upstream'),
      new ScriptedSource('second', {}),
      new ScriptedSource('third', {}),
    ] as const
    const [first, second, third] = sources
    first.knows.a = no({ ageMs: 1 })
    second.knows.a = no({ ageMs: 1 })
    second.offline.a = NOT_FOUND
    third.knows.a = yes('third', { foundForMs: DAY })
    const table = new Table({
      name: 'aliases',
      sources,
      search: (key) => [{ key, withoutExtension: false }],
      foldCase: true,
      deadlineMs: 5000,
      searchParallel: false,
      outage: { isExistence: false, onAnswered: () => {} },
    })
    const lookup = () => table.lookup('a', new LookupContext('a', 0, 5000, false, undefined))
    expect(lookup()).toMatchObject({ result: DOWN, source: 'upstream' })
    first.offline.a = NOT_FOUND
    expect(lookup()).toMatchObject({ result: found('third'), source: 'stale' })
  })

  test('of several upstreams is "not found" by the fresh one of the first, canary or not, and the last of the second', () => {
    for (const [isFresh, confirmedByCanary, expected] of [
      [true, true, { result: NOT_FOUND, source: 'stale' }],
      [false, true, { result: DOWN, source: 'upstream' }],
      [true, false, { result: DOWN, source: 'upstream' }],
    ] as const) {
      const first = new ScriptedSource('overrides', {}, 'cache')
      const second = new ScriptedSource('directory', { a: DOWN }, 'upstream')
      first.knows.a = no({ confirmedByCanary: false })
      if (isFresh) first.offline.a = NOT_FOUND
      second.knows.a = no({ confirmedByCanary })
      const table = new Table({
        name: 'aliases',
        sources: [first, second],
        search: (key) => [{ key, withoutExtension: false }],
        foldCase: true,
        deadlineMs: 5000,
        searchParallel: false,
        outage: { isExistence: false, staleNotFound: { forMs: DAY }, onAnswered: () => {} },
      })
      expect(table.lookup('a', new LookupContext('a', 0, 5000, false, undefined))).toMatchObject(expected)
    }
  })

  test('puts the extension back on such an answer', () => {
    const knows = { 'ann+x@a.example': no(), 'ann@a.example': yes('box@b.example', { foundForMs: DAY }) }
    const { lookup } = setUp({ policy, knows, propagate: '+' })
    expect(lookup()).toEqual({ result: found('box+x@b.example'), source: 'stale' })
  })
})

describe('whenUnknown: notFound', () => {
  const policy = { whenUnknown: 'notFound', staleNotFound: undefined } as const

  test('misses the check when nobody knows', () => {
    const { lookup, rules, explanation } = setUp({ policy })
    expect(lookup()).toEqual({ result: NOT_FOUND, source: 'unknown' })
    expect(rules).toEqual(['when-unknown'])
    expect(explanation.steps).toMatchObject([{ step: 'outage', rule: 'when-unknown', used: true }])
  })

  test('misses no check that is known to say something', () => {
    const knows = { ...ALL_NO, '@a.example': yes('REJECT', { foundForMs: DAY }) }
    expect(setUp({ policy, knows }).lookup()).toEqual({ result: found('REJECT'), source: 'stale' })
  })

  test('misses no check while a later key is known to be found, and does not use its value: an exception may be listed before', () => {
    const knows = { '@a.example': yes('REJECT', { ageMs: DAY }) }
    const { lookup, rules, explanation } = setUp({ policy, knows })
    expect(lookup()).toEqual({ result: DOWN, source: 'upstream' })
    expect(rules).toEqual([])
    expect(explanation.steps).toEqual([
      {
        step: 'outage',
        rule: 'when-unknown',
        used: false,
        key: '@a.example',
        why: 'is known to be found, so the answer is not unknown',
      },
    ])
  })

  test('misses no check for a key whose own answer is known, beside a value of it', () => {
    const knows = { 'ann@a.example': yes('OK'), '@a.example': yes('REJECT') }
    expect(setUp({ policy, knows }).lookup()).toMatchObject({ result: DOWN })
  })

  test('is no answer to a refusal, nor at the end of the program', () => {
    for (const failure of [permanent('refused', '403'), temporary('stopping', 'the gateway is stopping')])
      expect(setUp({ policy, failure }).lookup()).toMatchObject({ result: failure })
  })
})
