import { describe, expect, test } from 'vitest'
import { extensionOf, propagateExtension } from '../../../../src/core/search/extension.ts'

describe('extensionOf', () => {
  const cases: [sentence: string, key: string, delimiters: string, extension: string][] = [
    ['an address without a delimiter has none', 'bob@a.example', '+', ''],
    ['the extension begins with the delimiter', 'bob+news@a.example', '+', '+news'],
    ['the case stays as it was written', 'Bob+News@A.example', '+', '+News'],
    ['the first of several delimiters splits', 'bob-a+b@a.example', '+-', '-a+b'],
    ['the order of the delimiters in the set does not matter', 'bob-a+b@a.example', '-+', '-a+b'],
    ['the first of two equal delimiters splits', 'bob+a+b@a.example', '+', '+a+b'],
    ['a trailing delimiter is an extension', 'bob+@a.example', '+', '+'],
    ['an empty user part is never left', '+news@a.example', '+', ''],
    ['an empty user part is never left, even before a second delimiter', '+a+b@a.example', '+', ''],
    ['no delimiter set, no extension', 'bob+news@a.example', '', ''],
    ['a delimiter in the domain counts for nothing', 'bob@a+b.example', '+', ''],
    ['a bare user has an extension, too', 'bob+news', '+', '+news'],
    ['postmaster is not split', 'postmaster@a.example', 'm', ''],
    ['postmaster with an extension is split', 'postmaster+x@a.example', '+', '+x'],
    ['MAILER-DAEMON is not split in any case', 'MAILER-DAEMON@a.example', '-', ''],
    ['mailer-daemon with more behind it is split', 'mailer-daemons@a.example', '-', '-daemons'],
    ['double-bounce is not split', 'double-bounce@a.example', '-', ''],
    ['owner-list is not split at a dash', 'Owner-list@a.example', '-', ''],
    ['owner-list+x is not split at all with a dash in the set', 'owner-list+x@a.example', '+-', ''],
    ['owner-list+x is split where the dash is no delimiter', 'owner-list+x@a.example', '+', '+x'],
    ['list-request is not split at a dash', 'list-REQUEST@a.example', '-', ''],
    ['-request alone would leave an empty user', '-request@a.example', '-', ''],
    ['a-requests is split', 'a-requests@a.example', '-', '-requests'],
    ['a quoted local part is split inside its quotes', '"john doe+a b"@a.example', '+', '+a b'],
    ['a backslash in quotes is taken off', '"bob+a\\"b"@a.example', '+', '+a"b'],
    ['an @ in quotes is part of the user', '"a@b+c"@a.example', '+', '+c'],
    ['the empty key has none', '', '+', ''],
    ['the null sender has none', '<>', '+', ''],
  ]
  for (const [sentence, key, delimiters, extension] of cases) {
    test(sentence, () => expect(extensionOf(key, delimiters)).toBe(extension))
  }
})

describe('propagateExtension', () => {
  // Each of these was tried with a texthash: table of Postfix 3.7.11.
  const cases: [sentence: string, value: string, extended: string][] = [
    ['one address gets it', 'bob@d.example', 'bob+News@d.example'],
    ['a bare user gets it', 'bob', 'bob+News'],
    [
      'every address gets it',
      'bob@d.example, carl@e.example,dan',
      'bob+News@d.example, carl+News@e.example,dan+News',
    ],
    ['spaces stand between addresses, too', 'a@d.example b@d.example', 'a+News@d.example b+News@d.example'],
    [
      'a semicolon stands between addresses, too',
      'a@d.example; b@d.example',
      'a+News@d.example; b+News@d.example',
    ],
    ['a word before an address is a user of its own', 'a b@d.example', 'a+News b+News@d.example'],
    ['an extension that is there stays in front', 'bob+x@d.example', 'bob+x+News@d.example'],
    ['a reserved name gets it, too', 'postmaster@d.example', 'postmaster+News@d.example'],
    ['a quoted local part gets it inside the quotes', '"john doe"@d.example', '"john doe+News"@d.example'],
    ['an escaped quote stays escaped', '"q\\"uo"@d.example', '"q\\"uo+News"@d.example'],
    ['a quoted bare user gets it inside the quotes', '"|cmd 5%"', '"|cmd 5%+News"'],
    ['an empty quoted local part becomes the extension', '""@d.example', '+News@d.example'],
    ['a comma in quotes does not end an address', '"a,b"@d.example', '"a,b+News"@d.example'],
    ['an @ in quotes does not end a local part', '"a@b"@d.example', '"a@b+News"@d.example'],
    ['the last @ ends the local part', 'a@b@d.example', 'a@b+News@d.example'],
    ['a display name stays', 'Bob B <bob@d.example>', 'Bob B <bob+News@d.example>'],
    ['a quoted display name stays', '"B, Bob" <bob@d.example>', '"B, Bob" <bob+News@d.example>'],
    ['an address may follow <>', 'Bob <b@d.example> c@d.example', 'Bob <b+News@d.example> c+News@d.example'],
    ['a source route stays', '<@relay.example:u@d.example>', '<@relay.example:u+News@d.example>'],
    ['a comment stays', 'dan@d.example (c,d (e\\) f)), x', 'dan+News@d.example (c,d (e\\) f)), x+News'],
    ['a comment without an end goes to the end', 'x@d.example (', 'x+News@d.example ('],
    ['a comment before the @ stays', 'carl (x) @ d.example', 'carl+News (x) @ d.example'],
    ['dots join words', 'one . two@d.example', 'one . two+News@d.example'],
    ['a colon joins words', 'a:b@d.example, :include:/x', 'a:b+News@d.example, :include:/x+News'],
    ['a group name stays', 'grp: e@d.example, f@d.example;', 'grp: e+News@d.example, f+News@d.example;'],
    ['an address literal stays', 'u@[192.0.2.1], v@[IPv6:::1]', 'u+News@[192.0.2.1], v+News@[IPv6:::1]'],
    ['user%domain gets it before the percent sign', 'bob%d.example', 'bob+News%d.example'],
    ['host!user gets it at the end', 'host!user', 'host!user+News'],
    ['a backslash takes the next character along', 'a\\@b@d.example', 'a\\@b+News@d.example'],
    ['UTF-8 is text', 'é@d.example', 'é+News@d.example'],
    ['a result of only @domain is left to Postfix', '@other.example', '@other.example'],
    ['what follows @domain gets it', '@other.example, x@d.example', '@other.example, x+News@d.example'],
    ['a later @domain gets it as its user', 'bare, @other.example', 'bare+News, +News@other.example'],
    ['a text of only a comment stays', '(only comment)', '(only comment)'],
    ['commas alone stay', ' , ,', ' , ,'],
    ['a quote without an end takes the rest', 'a "b c', 'a+News "b c+News'],
    ['a backslash at the very end is text', 'a\\', 'a\\+News'],
  ]
  for (const [sentence, value, extended] of cases) {
    test(sentence, () => expect(propagateExtension(value, '+News')).toBe(extended))
  }

  test('a comma behind a backslash belongs to the word', () =>
    expect(propagateExtension('a\\,b@d.example', '+News')).toBe('a\\,b+News@d.example'))
  test('no extension changes nothing', () =>
    expect(propagateExtension('a@b.example, c', '')).toBe('a@b.example, c'))
  test('an extension with a space puts the local part in quotes', () => {
    expect(propagateExtension('bob@d.example, "x y"@d.example, carl', '+a b')).toBe(
      '"bob+a b"@d.example, "x y+a b"@d.example, "carl+a b"',
    )
  })
  test('an extension with a quote is escaped', () => {
    expect(propagateExtension('bob@d.example', '+a"\\b')).toBe('"bob+a\\"\\\\b"@d.example')
  })
  test('an extension that ends in a dot puts the local part in quotes', () => {
    expect(propagateExtension('bob@d.example', '+a.')).toBe('"bob+a."@d.example')
  })
  test('an extension that is only the delimiter is given back', () => {
    expect(propagateExtension('bob@d.example', '+')).toBe('bob+@d.example')
  })
})
