/**
 * The sequences of keys. Those marked "measured" are what `smtpd -v`, `cleanup -v` and
 * `trivial-rewrite -v` of Postfix 3.7.11 logged with texthash: tables; the others are the
 * examples of the manual pages.
 */
import { describe, expect, test } from 'vitest'
import { type SearchKind, type SearchOptions, searchKeys } from '../../../../src/core/search/search-keys.ts'

const PLUS: SearchOptions = {
  recipientDelimiter: '+',
  localDomains: new Set(['local.example', '[192.0.2.1]']),
  parentDomainMatchesSubdomains: false,
}
const PARENTS: SearchOptions = { ...PLUS, recipientDelimiter: '+-', parentDomainMatchesSubdomains: true }
const NO_EXTENSIONS: SearchOptions = { ...PLUS, recipientDelimiter: '' }

/** The keys with spaces between them would be unreadable with quotes in them, so one per item; `~` marks those without the extension. */
function keysOf(kind: SearchKind, key: string, options: SearchOptions): string[] {
  return searchKeys(kind, key, options).map((one) => (one.withoutExtension ? `~${one.key}` : one.key))
}

type Case = [sentence: string, kind: SearchKind, options: SearchOptions, keys: string[]]

/** The first key is the one asked. */
function check(cases: readonly Case[]): void {
  for (const [sentence, kind, options, keys] of cases) {
    test(sentence, () => expect(keysOf(kind, keys[0] ?? '', options)).toEqual(keys))
  }
}

describe('exact', () => {
  check([
    ['an address is looked up as it is', 'exact', PLUS, ['bob+x@a.example']],
    ['the empty key is looked up as it is', 'exact', PLUS, ['']],
  ])
})

describe('address', () => {
  check([
    ['measured: a remote address', 'address', PLUS, ['u+x@d.example', '~u@d.example', '@d.example']],
    [
      'measured: a local address is looked up without its domain, too',
      'address',
      PLUS,
      ['u+x@local.example', '~u@local.example', 'u+x', '~u', '@local.example'],
    ],
    ['an address without an extension', 'address', PLUS, ['u@local.example', 'u', '@local.example']],
    ['a local domain in another case', 'address', PLUS, ['U@LOCAL.example', 'U', '@LOCAL.example']],
    ['a local address literal', 'address', PLUS, ['u@[192.0.2.1]', 'u', '@[192.0.2.1]']],
    ['no delimiter, no extension', 'address', NO_EXTENSIONS, ['u+x@d.example', '@d.example']],
    [
      'measured: quoted and unquoted spellings, full and bare',
      'address',
      PLUS,
      ['"j d+a b"@d.example', 'j d+a b@d.example', '~"j d"@d.example', '~j d@d.example', '@d.example'],
    ],
    [
      'a bare part that needs no quotes comes once',
      'address',
      PLUS,
      ['"j+a b"@d.example', 'j+a b@d.example', '~j@d.example', '@d.example'],
    ],
    [
      'a quoted part without an extension',
      'address',
      PLUS,
      ['"j d"@d.example', 'j d@d.example', '@d.example'],
    ],
    [
      'quotes and backslashes come off and go on again',
      'address',
      PLUS,
      [
        '"a\\"b\\\\c+x"@d.example',
        'a"b\\c+x@d.example',
        '~"a\\"b\\\\c"@d.example',
        '~a"b\\c@d.example',
        '@d.example',
      ],
    ],
    [
      'an @ in quotes is part of the user',
      'address',
      PLUS,
      ['"a@b+x"@d.example', 'a@b+x@d.example', '~"a@b"@d.example', '~a@b@d.example', '@d.example'],
    ],
    ['an empty quoted user', 'address', PLUS, ['""@d.example', '@d.example']],
    [
      'postmaster is not split',
      'address',
      { ...PLUS, recipientDelimiter: 'm' },
      ['Postmaster@d.example', '@d.example'],
    ],
    ['a leading delimiter is not split', 'address', PLUS, ['+x@d.example', '@d.example']],
    ['a trailing delimiter is split', 'address', PLUS, ['u+@d.example', '~u@d.example', '@d.example']],
    ['owner-list is not split', 'address', PARENTS, ['owner-list@d.example', '@d.example']],
    ['a bare user has no domain', 'address', PLUS, ['u+x', '~u']],
    ['a bare quoted user', 'address', PLUS, ['"u x"', 'u x']],
    ['a catch-all key has nothing after it', 'address', PLUS, ['@d.example']],
    ['an empty domain has no catch-all', 'address', PLUS, ['u+x@', '~u@']],
    [
      'a local part that looks like the catch-all comes once',
      'address',
      { ...PLUS, localDomains: new Set(['x']) },
      ['@x@x', '@x'],
    ],
    [
      'a local domain is known by its A-label',
      'address',
      { ...PLUS, localDomains: new Set(['xn--bcher-kva.example']) },
      ['u@bücher.example', 'u', '@bücher.example'],
    ],
    ['the empty key', 'address', PLUS, ['']],
    ['the null sender', 'address', PLUS, ['<>']],
  ])
})

describe('transport', () => {
  check([
    [
      'measured: subdomains by a leading dot',
      'transport',
      PLUS,
      [
        'User+a+b@sub.dom.example',
        '~User@sub.dom.example',
        'sub.dom.example',
        '.dom.example',
        '.example',
        '*',
      ],
    ],
    [
      'subdomains by the parents themselves',
      'transport',
      PARENTS,
      ['u@sub.dom.example', 'sub.dom.example', 'dom.example', 'example', '*'],
    ],
    [
      'measured: quoted spellings, and no key without its domain',
      'transport',
      PLUS,
      [
        '"j d+a b"@local.example',
        'j d+a b@local.example',
        '~"j d"@local.example',
        '~j d@local.example',
        'local.example',
        '.example',
        '*',
      ],
    ],
    [
      'an address literal has no parents, unlike in Postfix',
      'transport',
      PLUS,
      ['lit+x@[192.0.2.9]', '~lit@[192.0.2.9]', '[192.0.2.9]', '*'],
    ],
    ['the wildcard that Postfix asks itself', 'transport', PLUS, ['*']],
    ['a domain called * comes once', 'transport', PLUS, ['u@*', '*']],
    ['a parent called * comes once', 'transport', PARENTS, ['u@a.*', 'a.*', '*']],
    ['a domain without an address is asked as it is', 'transport', PLUS, ['d.example']],
    ['an empty domain has only the wildcard', 'transport', PLUS, ['u@', '*']],
    ['a trailing dot, by dots', 'transport', PLUS, ['u@d.example.', 'd.example.', '.example.', '.', '*']],
    ['a trailing dot, by parents', 'transport', PARENTS, ['u@d.example.', 'd.example.', 'example.', '*']],
    ['two dots together, by dots', 'transport', PLUS, ['u@a..b', 'a..b', '..b', '.b', '*']],
    ['two dots together, by parents', 'transport', PARENTS, ['u@a..b', 'a..b', '.b', '*']],
    ['a leading dot is part of the name', 'transport', PARENTS, ['u@.a.b', '.a.b', 'b', '*']],
    ['the empty key', 'transport', PLUS, ['']],
  ])

  test('a domain of any length has its parents of up to 255 characters', () => {
    const name = `${'a'.repeat(247)}.example`
    expect(keysOf('transport', `u@${name}`, PLUS)).toEqual([`u@${name}`, name, '.example', '*'])
    const long = `c.b.${name}`
    expect(keysOf('transport', `u@${long}`, PLUS)).toEqual([`u@${long}`, long, `.${name}`, '.example', '*'])
    expect(keysOf('transport', `u@${long}`, PARENTS)).toEqual([`u@${long}`, long, name, 'example', '*'])
  })
})

describe('access-address', () => {
  check([
    [
      'measured: parents, then the user alone',
      'access-address',
      PARENTS,
      ['s-x+y@m.n.example', '~s@m.n.example', 'm.n.example', 'n.example', 'example', 's-x+y@', '~s@'],
    ],
    [
      'parents by a leading dot',
      'access-address',
      PLUS,
      ['s+y@m.n.example', '~s@m.n.example', 'm.n.example', '.n.example', '.example', 's+y@', '~s@'],
    ],
    [
      'a local domain makes no difference',
      'access-address',
      PARENTS,
      ['u@local.example', 'local.example', 'example', 'u@'],
    ],
    [
      'quoted spellings of the user alone',
      'access-address',
      PARENTS,
      ['"j d+x"@e', 'j d+x@e', '~"j d"@e', '~j d@e', 'e', '"j d+x"@', 'j d+x@', '~"j d"@', '~j d@'],
    ],
    ['measured: the null sender', 'access-address', PARENTS, ['<>']],
    ['a bare user', 'access-address', PARENTS, ['postmaster+x']],
    ['no user', 'access-address', PARENTS, ['@d.example', 'd.example', 'example']],
    ['the empty key', 'access-address', PARENTS, ['']],
  ])
})

describe('access-client', () => {
  check([
    [
      'measured: a host name and its parents',
      'access-client',
      PARENTS,
      ['host.sub.c.example', 'sub.c.example', 'c.example', 'example'],
    ],
    [
      'a host name, by leading dots',
      'access-client',
      PLUS,
      ['host.sub.c.example', '.sub.c.example', '.c.example', '.example'],
    ],
    [
      'measured: an IPv4 address and its networks',
      'access-client',
      PLUS,
      ['192.0.2.77', '192.0.2', '192.0', '192'],
    ],
    [
      'an IPv6 address and its networks, a :: in two steps',
      'access-client',
      PLUS,
      ['2001:db8::1', '2001:db8:', '2001:db8', '2001'],
    ],
    ['the IPv6 loopback address', 'access-client', PLUS, ['::1', ':']],
    [
      'a full IPv6 address',
      'access-client',
      PLUS,
      ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7', '1:2:3:4:5:6', '1:2:3:4:5', '1:2:3:4', '1:2:3', '1:2', '1'],
    ],
    ['an IPv6 address with an IPv4 end', 'access-client', PLUS, ['::ffff:192.0.2.1', '::ffff', ':']],
    ['measured: a client without a name', 'access-client', PLUS, ['unknown']],
    ['an address literal of a helo name has no parents', 'access-client', PARENTS, ['[192.0.2.1]']],
    ['an IPv6 literal of a helo name has no parents', 'access-client', PARENTS, ['[ipv6:2001:db8::1.2.3.4]']],
    ['an octet over 255 makes a name', 'access-client', PARENTS, ['1.2.3.256', '2.3.256', '3.256', '256']],
    ['three octets are a name', 'access-client', PARENTS, ['1.2.3', '2.3', '3']],
    ['an empty octet makes a name', 'access-client', PARENTS, ['1..2.3', '.2.3', '3']],
    ['a missing octet at the end makes a name', 'access-client', PARENTS, ['1.2.3.', '2.3.', '3.']],
    ['one colon makes a name', 'access-client', PARENTS, ['a:b']],
    ['a character that is not hexadecimal makes a name', 'access-client', PARENTS, ['2001:db8::g.x', 'x']],
    ['no IPv6 address is 46 characters long', 'access-client', PARENTS, [`${'1:'.repeat(22)}11`]],
    ['the empty key', 'access-client', PARENTS, ['']],
  ])
})
