/**
 * Laws of the search keys that hold for every key, however odd.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DomainList } from '../../src/core/search/domains-filter.ts'
import { extensionOf, propagateExtension } from '../../src/core/search/extension.ts'
import { type SearchKind, type SearchOptions, searchKeys } from '../../src/core/search/search-keys.ts'

const kinds = fc.constantFrom<SearchKind>('exact', 'address', 'transport', 'access-address', 'access-client')
const options: fc.Arbitrary<SearchOptions> = fc.record({
  recipientDelimiter: fc.constantFrom('', '+', '+-', '-', '.', '@"'),
  localDomains: fc.constantFrom(new Set<string>(), new Set(['a', 'a.b', '*', '+'])),
  parentDomainMatchesSubdomains: fc.boolean(),
})
/** Few letters and many specials, so that the odd cases are the common ones. */
const odd = fc.string({
  unit: fc.constantFrom('a', 'b', '+', '-', '.', '@', '"', '\\', '*', ':', '1', '[', ' ', 'é'),
  maxLength: 24,
})
const keys = fc.oneof(
  odd,
  fc.string({ maxLength: 400 }),
  fc.tuple(odd, odd).map(([user, domain]) => `${user}@${domain}`),
  fc.ipV4(),
  fc.ipV6(),
  fc.array(fc.constantFrom('a', 'bb', ''), { maxLength: 300 }).map((labels) => `u+x@${labels.join('.')}`),
)

const RUNS = { numRuns: 5_000 }
/** Full, bare, quoted, unquoted; with the domain and without; the catch-all or wildcard; the domain. */
const MOST_KEYS_BESIDES_PARENTS = 10

describe('searchKeys', () => {
  test('the first key is the key itself, and no key comes twice or is empty', () => {
    fc.assert(
      fc.property(kinds, keys, options, (kind, key, settings) => {
        const sequence = searchKeys(kind, key, settings).map((one) => one.key)
        expect(sequence[0]).toBe(key)
        expect(new Set(sequence).size).toBe(sequence.length)
        expect(sequence.slice(1)).not.toContain('')
      }),
      RUNS,
    )
  })

  test('their number and length are bounded by the labels and the length of the key', () => {
    fc.assert(
      fc.property(kinds, keys, options, (kind, key, settings) => {
        const sequence = searchKeys(kind, key, settings)
        const domain = key.slice(key.lastIndexOf('@') + 1)
        const parents = domain.length > 255 ? 0 : domain.split(/[.:]/).length
        expect(sequence.length).toBeLessThanOrEqual(MOST_KEYS_BESIDES_PARENTS + parents)
        // Quotes and backslashes may go on again, never more than were there.
        for (const one of sequence) expect(one.key.length).toBeLessThanOrEqual(Math.max(key.length, 1))
      }),
      RUNS,
    )
  })

  test('after the domain they grow ever less specific', () => {
    fc.assert(
      fc.property(kinds, keys, options, (kind, key, settings) => {
        const names = searchKeys(kind, key, settings)
          .map((one) => one.key)
          .filter((one) => !one.includes('@') && one !== '*')
        if (kind === 'address') return
        for (let i = 1; i < names.length; i++) {
          expect((names[i] ?? '').length).toBeLessThan((names[i - 1] ?? '').length)
        }
      }),
      RUNS,
    )
  })

  test('a key is without the extension only where there is one', () => {
    fc.assert(
      fc.property(kinds, keys, options, (kind, key, settings) => {
        const bare = searchKeys(kind, key, settings).filter((one) => one.withoutExtension)
        if (extensionOf(key, settings.recipientDelimiter) === '') expect(bare).toEqual([])
      }),
      RUNS,
    )
  })
})

describe('propagateExtension', () => {
  test('it never throws, and keeps a value without addresses', () => {
    fc.assert(
      fc.property(
        fc.oneof(odd, fc.string()),
        fc.constantFrom('', '+', '+x', '+a b', '-"'),
        (value, extension) => {
          const extended = propagateExtension(value, extension)
          if (extension === '') expect(extended).toBe(value)
          if (value.trim() === '') expect(extended).toBe(value)
        },
      ),
      RUNS,
    )
  })

  test('plain addresses in any number all get it', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/)
    const address = fc.tuple(name, name).map(([user, domain]) => ({ user, domain: `${domain}.example` }))
    fc.assert(
      fc.property(fc.array(address, { minLength: 1 }), name, (addresses, extension) => {
        const value = addresses.map(({ user, domain }) => `${user}@${domain}`).join(', ')
        const expected = addresses.map(({ user, domain }) => `${user}+${extension}@${domain}`).join(', ')
        expect(propagateExtension(value, `+${extension}`)).toBe(expected)
      }),
      RUNS,
    )
  })
})

describe('DomainList', () => {
  test('a dot entry holds exactly the names that end in it', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(fc.array(name), name, (entries, domain) => {
        const expected = entries.some((one) => (one.startsWith('.') ? domain.endsWith(one) : one === domain))
        expect(new DomainList(entries).has(domain)).toBe(expected)
      }),
      RUNS,
    )
  })
})
