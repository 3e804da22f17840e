import { describe, expect, test } from 'vitest'
import { type DomainClasses, TableProof } from '../../../../src/core/outage/table-proof.ts'
import { found, NOT_FOUND } from '../../../../src/core/result.ts'
import { Table } from '../../../../src/core/table.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { ScriptedSource } from '../../../support/core/sources.ts'

const HOUR = 3_600_000

/** A table in which these keys were found, so many ms ago for the first time. */
function knowing(name: string, keys: Readonly<Record<string, number>>): Table {
  const source = new ScriptedSource('directory', {})
  for (const [key, foundForMs] of Object.entries(keys))
    source.knows[key] = { result: found('yes'), ageMs: 0, foundForMs, confirmedByCanary: true }
  return new Table({
    name,
    sources: [source],
    search: (key) => [
      { key, withoutExtension: false },
      ...(key.includes('+') ? [{ key: key.replace(/\+.*@/, '@'), withoutExtension: true }] : []),
      { key: key.slice(key.indexOf('@')), withoutExtension: false },
    ],
    foldCase: true,
    deadlineMs: 5_000,
    searchParallel: false,
  })
}

function proof(keys: Readonly<Record<string, number>>, classes?: DomainClasses): TableProof {
  const table = knowing('mailboxes', keys)
  const fail = (error: unknown) => expect.unreachable(String(error))
  return new TableProof('mailboxes', () => table, new ManualClock(), fail, classes)
}

function refusal(of: TableProof, key: string, notFoundForMs = HOUR): string | undefined {
  return of.refusal(key, key, notFoundForMs)
}

describe('a proof table', () => {
  test('has a key that it found, by itself or without its extension', () => {
    const mailboxes = proof({ 'ann@a.example': HOUR })
    expect(refusal(mailboxes, 'ann@a.example')).toBeUndefined()
    expect(refusal(mailboxes, 'Ann+New@a.example')).toBeUndefined()
    expect(refusal(mailboxes, 'bob@a.example')).toBe('mailboxes is not known to have the key')
  })

  test('has no key by its domain alone, where everybody exists', () => {
    const mailboxes = proof({ '@a.example': HOUR })
    expect(refusal(mailboxes, 'ann@a.example')).toBe('mailboxes is not known to have the key')
  })

  test('is none for a "not found" that is older than the key there, except for the time that asking takes', () => {
    const foundFor = (ms: number) => refusal(proof({ 'ann@a.example': ms }), 'ann@a.example')
    expect(foundFor(HOUR - 5_000)).toBeUndefined()
    expect(foundFor(HOUR - 5_001)).toBe('mailboxes has the key only since its last "not found"')
  })
})

describe('a proof table beside those of the domains', () => {
  const known = { 'ann@a.example': HOUR }
  const domains = knowing('domains', { 'a.example': HOUR })
  const none = knowing('others', {})

  test('is a proof for the domains whose recipients it lists', () => {
    const classes = { own: () => [none, domains], other: () => [] }
    expect(refusal(proof(known, classes), 'ann@a.example')).toBeUndefined()
  })

  test('is none for a domain that no table of its class has', () => {
    const classes = { own: () => [none], other: () => [] }
    expect(refusal(proof(known, classes), 'ann@A.example')).toBe('others is not known to have a.example')
  })

  test('is none for a domain of a class that Postfix looks at before', () => {
    const other = knowing('aliasDomains', { 'a.example': HOUR })
    const classes = { own: () => [domains], other: () => [other] }
    expect(refusal(proof(known, classes), 'ann@a.example')).toBe(
      'aliasDomains has a.example, where mailboxes is not asked',
    )
  })

  test('knows a domain by its A-label where the key has the U-label: they are one domain', () => {
    const mailboxes = { 'ann@b\u00fccher.example': HOUR }
    const domain = knowing('domains', { 'xn--bcher-kva.example': HOUR })
    const own = { own: () => [domain], other: () => [] }
    expect(refusal(proof(mailboxes, own), 'ann@b\u00fccher.example')).toBeUndefined()
    const other = { own: () => [], other: () => [domain] }
    expect(refusal(proof(mailboxes, other), 'ann@b\u00fccher.example')).toBe(
      'domains has b\u00fccher.example, where mailboxes is not asked',
    )
  })

  test('is a proof for a domain as a key, whatever its class', () => {
    const classes = { own: () => [none], other: () => [] }
    expect(refusal(proof({ 'a.example': HOUR }, classes), 'a.example')).toBeUndefined()
  })
})

test('asks whether the domain is of its class, as soon as it has found a key, where nobody asked for it', () => {
  const domains = new ScriptedSource('directory', { 'a.example': found('yes') })
  const table = (name: string, source: ScriptedSource) =>
    new Table({
      name,
      sources: [source],
      search: (key) => [{ key, withoutExtension: false }],
      foldCase: true,
      deadlineMs: 5_000,
      searchParallel: false,
    })
  const mailboxes = table('mailboxes', new ScriptedSource('directory', { 'ann@a.example': found('ann') }))
  const classes = { own: () => [table('domains', domains)], other: () => [] }
  const fail = (error: unknown) => expect.unreachable(String(error))
  const proving = new TableProof('mailboxes', () => mailboxes, new ManualClock(), fail, classes)
  proving.prove('bob@a.example', 'bob@a.example', () => {})
  expect(domains.asked).toEqual([])
  proving.prove('ann@a.example', 'ann@a.example', () => {})
  expect(domains.asked).toEqual(['a.example'])
})

test('asks the table in an outage, and waits no longer than the lookup has', async () => {
  const clock = new ManualClock()
  const source = new ScriptedSource('directory', {})
  const deadlines: number[] = []
  const table = new Table({
    name: 'mailboxes',
    sources: [
      {
        name: 'directory',
        ask: (_key, context) => {
          deadlines.push(context.deadlineMs)
          return Promise.resolve({ result: NOT_FOUND, source: 'upstream' as const })
        },
        known: (key) => source.known(key),
        protect: () => {},
        answersOthers: () => undefined,
        goodAtMs: Number.NEGATIVE_INFINITY,
        askOffline: () => undefined,
      },
    ],
    search: (key) => [{ key, withoutExtension: false }],
    foldCase: true,
    deadlineMs: 5_000,
    searchParallel: false,
  })
  const fail = (error: unknown) => expect.unreachable(String(error))
  const asked = new TableProof('mailboxes', () => table, clock, fail)
  await asked.ask('ann@a.example', 'ann@a.example', clock.monotonicMs() + 700)
  await asked.ask('ann@a.example', 'ann@a.example', clock.monotonicMs() + 60_000)
  expect(deadlines.map((deadlineMs) => deadlineMs - clock.monotonicMs())).toEqual([700, 5_000])
})
