import { describe, expect, test } from 'vitest'
import { filterByList, filterByTable } from '../../../../src/core/search/domains-filter.ts'

describe('filterByList', () => {
  const filter = filterByList(['Example.com', '.Sub.example', '[192.0.2.1]'])
  const cases: [sentence: string, key: string, kind: 'pass' | 'filtered', domain: string | undefined][] = [
    ['a listed domain passes', 'bob@example.com', 'pass', 'example.com'],
    ['case makes no difference', 'BOB@EXAMPLE.COM', 'pass', 'example.com'],
    ['another domain is filtered', 'bob@other.example', 'filtered', 'other.example'],
    ['a name does not stand for its subdomains', 'bob@a.example.com', 'filtered', 'a.example.com'],
    ['a name is not matched at its end only', 'bob@badexample.com', 'filtered', 'badexample.com'],
    ['a dot name stands for a subdomain', 'bob@a.sub.example', 'pass', 'a.sub.example'],
    ['a dot name stands for every level below', 'bob@c.b.a.sub.example', 'pass', 'c.b.a.sub.example'],
    ['a dot name does not stand for itself', 'bob@sub.example', 'filtered', 'sub.example'],
    ['a dot name is matched at a whole label', 'bob@badsub.example', 'filtered', 'badsub.example'],
    ['the last @ begins the domain', '"x@example.com"@other.example', 'filtered', 'other.example'],
    ['a catch-all key has a domain', '@example.com', 'pass', 'example.com'],
    ['a listed address literal passes', 'bob@[192.0.2.1]', 'pass', '[192.0.2.1]'],
    ['another address literal is filtered', 'bob@[192.0.2.2]', 'filtered', '[192.0.2.2]'],
    ['a listed host name passes', 'example.com', 'pass', 'example.com'],
    ['a host name below a dot name passes', 'mx.sub.example', 'pass', 'mx.sub.example'],
    ['another host name is filtered', 'mx.other.example', 'filtered', 'mx.other.example'],
    ['a bare user is filtered', 'bob', 'filtered', undefined],
    ['an empty domain is filtered', 'bob@', 'filtered', undefined],
    ['the empty key is filtered', '', 'filtered', undefined],
    ['the wildcard of transport_maps is filtered', '*', 'filtered', undefined],
    ['the null sender passes', '<>', 'pass', undefined],
    ['an IPv4 address passes', '192.0.2.9', 'pass', undefined],
    ['an IPv6 address passes', '2001:db8::9', 'pass', undefined],
    ['an IPv4 literal passes', '[192.0.2.9]', 'pass', undefined],
    ['an IPv6 literal passes', '[IPv6:2001:db8::9]', 'pass', undefined],
    ['an IPv6 literal without its tag passes', '[2001:db8::9]', 'pass', undefined],
    ['a name in brackets is a name', '[mx.other.example]', 'filtered', '[mx.other.example]'],
  ]
  for (const [sentence, key, kind, domain] of cases) {
    test(sentence, () => expect(filter(key)).toEqual({ kind, domain }))
  }

  test('an empty list filters every domain', () => {
    expect(filterByList([])('bob@example.com')).toEqual({ kind: 'filtered', domain: 'example.com' })
    expect(filterByList([])('*')).toEqual({ kind: 'filtered', domain: undefined })
  })
})

describe('filterByTable', () => {
  const filter = filterByTable('domains')
  test('a domain is asked of the table, in lower case', () => {
    expect(filter('Bob@Example.com')).toEqual({ kind: 'ask', domain: 'example.com', table: 'domains' })
  })
  test('what has no domain is decided without the table', () => {
    expect(filter('*')).toEqual({ kind: 'filtered', domain: undefined })
    expect(filter('bob')).toEqual({ kind: 'filtered', domain: undefined })
  })
})
