/**
 * Keys that no table holds: their parts are looked for all the same, so that no byte in a sender's address hides its domain.
 */
import { describe, expect, test } from 'vitest'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { silentObserver } from '../../../../src/core/observed/observer.ts'
import { RecentLookups } from '../../../../src/core/outage/recent-lookups.ts'
import { Resolver } from '../../../../src/core/resolver.ts'
import { found, type LookupResult, NOT_FOUND } from '../../../../src/core/result.ts'
import { filterByList, filterByTable } from '../../../../src/core/search/domains-filter.ts'
import { type SearchKind, searchKeys } from '../../../../src/core/search/search-keys.ts'
import { Table, type TableOptions } from '../../../../src/core/table.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { ScriptedSource } from '../../../support/core/sources.ts'

const REJECT = found('REJECT listed')
const OPTIONS = {
  recipientDelimiter: '+',
  localDomains: new Set(['local.example']),
  parentDomainMatchesSubdomains: true,
}

interface SetUp {
  readonly entries: Record<string, LookupResult>
  readonly options?: Partial<TableOptions>
}

function tableOf(name: string, kind: SearchKind, { entries, options }: SetUp) {
  const source = new ScriptedSource('service', entries)
  const table = new Table({
    name,
    sources: [source],
    search: (key) => searchKeys(kind, key, OPTIONS),
    foldCase: true,
    deadlineMs: 5000,
    searchParallel: false,
    ...options,
  })
  return { source, table }
}

/** Asks a table as a client does, by bytes. */
function setUp(kind: SearchKind, what: SetUp) {
  const { source, table } = tableOf('asked', kind, what)
  const resolver = new Resolver(new ManualClock(), silentObserver)
  resolver.serve([table])
  const lookup = (bytes: string, more: { exact?: boolean; explanation?: Explanation } = {}) =>
    resolver.lookup(
      { protocol: 'socketmap', table: 'asked', key: Buffer.from(bytes, 'latin1'), exact: more.exact },
      { explanation: more.explanation },
    )
  return { source, lookup }
}

const LONG = 'x'.repeat(10_001)

describe('a deny list', () => {
  test.each([
    ['a byte', '\x01@bad.example', ['bad.example']],
    ['a tab', '"a\tb"@bad.example', ['bad.example']],
    ['DEL', 'a\x7f@BAD.example', ['bad.example']],
    ['no UTF-8', 'a\xff@bad.example', ['bad.example']],
    ['half a character', '\xc3@bad.example', ['bad.example']],
    ['NUL', 'a\x00b@sub.bad.example', ['sub.bad.example', 'bad.example']],
    ['a byte in a label', 'a@\x07.bad.example', ['bad.example']],
    ['a label that is no UTF-8', 'a@\xe9.bad.example', ['bad.example']],
    ['a long local part', `${LONG}@bad.example`, ['bad.example']],
    ['a long label', `a@${LONG}.bad.example`, ['bad.example']],
    [
      'a label of 64 bytes',
      `a@${'x'.repeat(64)}.bad.example`,
      [`a@${'x'.repeat(64)}.bad.example`, `${'x'.repeat(64)}.bad.example`, 'bad.example'],
    ],
    ['no A-label', 'a@xn--\x08.bad.example', ['bad.example']],
  ])('has the domain of a sender with %s', (_what, sender, asked) => {
    const { source, lookup } = setUp('access-address', { entries: { 'bad.example': REJECT } })
    expect(lookup(sender)).toEqual(REJECT)
    expect(source.asked).toEqual(asked)
  })

  test('has the user without an extension that cannot be', () => {
    const { source, lookup } = setUp('access-address', { entries: { 'spam@': REJECT } })
    expect(lookup('spam+\x07@other.example')).toEqual(REJECT)
    expect(source.asked).toEqual(['spam@other.example', 'other.example', 'example', 'spam@'])
  })

  test.each([['x\x07.evil.example'], ['\x07.evil.example'], ['\xff.evil.example']])(
    'has the domain of the client %j',
    (helo) => {
      const { source, lookup } = setUp('access-client', { entries: { 'evil.example': REJECT } })
      expect(lookup(helo)).toEqual(REJECT)
      expect(source.asked).toEqual(['evil.example'])
    },
  )

  test('has none of an address whose every part cannot be', () => {
    const { source, lookup } = setUp('access-address', { entries: {} })
    const explanation = new Explanation()
    expect(lookup('\x07@b\x07', { explanation })).toEqual(NOT_FOUND)
    expect(source.asked).toEqual([])
    expect(explanation.steps).toEqual([
      { step: 'key', key: undefined, why: 'control bytes, so no table has it' },
      { step: 'answer', source: 'filtered', result: NOT_FOUND },
    ])
  })

  test('is not asked for parts by a client that searches itself', () => {
    const { source, lookup } = setUp('access-address', { entries: { 'bad.example': REJECT } })
    expect(lookup('\x07@bad.example', { exact: true })).toEqual(NOT_FOUND)
    expect(source.asked).toEqual([])
  })
})

describe('other tables', () => {
  test('have the catch-all and the mailbox without its extension, which is not put back', () => {
    const entries = { '@a.example': found('all@b.example'), 'ann@a.example': found('ann@b.example') }
    const { source, lookup } = setUp('address', { entries, options: { propagate: '+' } })
    expect(lookup('ann+\xff@a.example')).toEqual(found('ann@b.example'))
    expect(lookup('bob\x07@a.example')).toEqual(found('all@b.example'))
    expect(source.asked).toEqual(['ann@a.example', '@a.example'])
  })

  test('put back an extension that can be, of a user of a domain that cannot', () => {
    const { lookup } = setUp('address', {
      entries: { '@\x07': found('never'), 'ann@local.example': found('ann@b.example') },
      options: { propagate: '+' },
    })
    expect(lookup('ann+new@\x07')).toEqual(NOT_FOUND)
    expect(lookup('ann+new@local.example')).toEqual(found('ann+new@b.example'))
  })

  test('have the transport of a parent domain', () => {
    const { source, lookup } = setUp('transport', { entries: { 'a.example': found('smtp:x') } })
    expect(lookup('\x07@b.a.example')).toEqual(found('smtp:x'))
    expect(source.asked).toEqual(['b.a.example', 'a.example'])
  })

  test('ask nobody outside of their domains, and have nothing where only the whole key is searched', () => {
    const filtered = setUp('access-address', {
      entries: {},
      options: { domains: filterByList(['a.example']) },
    })
    expect(filtered.lookup('\x07@bad.example')).toEqual(NOT_FOUND)
    expect(filtered.source.asked).toEqual([])
    const exact = setUp('exact', { entries: {} })
    expect(exact.lookup('\x07@bad.example')).toEqual(NOT_FOUND)
    expect(exact.source.asked).toEqual([])
  })

  test('ask the table of the domains for a domain that can be only', () => {
    const domains = tableOf('domains', 'exact', { entries: { 'a.example': found('a.example') } })
    const { source, lookup } = setUp('address', {
      entries: { '@a.example': found('all@b.example') },
      options: { domains: filterByTable(domains.table) },
    })
    expect(lookup('\x07@a.example')).toEqual(found('all@b.example'))
    expect(lookup('ann@\x07.example')).toEqual(NOT_FOUND)
    expect(domains.source.asked).toEqual(['a.example'])
    expect(source.asked).toEqual(['@a.example'])
  })

  test('keep no such key as a recent lookup, since an outage does not stop its mail', () => {
    const recent = new RecentLookups(() => 0.5)
    const { lookup } = setUp('access-address', { entries: {}, options: { recent } })
    lookup('\x07@bad.example')
    expect([...recent.sample(0)]).toEqual([])
  })
})
