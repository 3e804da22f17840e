import { describe, expect, test } from 'vitest'
import {
  extensionStart,
  isDotString,
  isQuoted,
  localPartForms,
  quoteIfNeeded,
  unquote,
} from '../../../../src/core/search/local-part.ts'

describe('isQuoted', () => {
  const cases: [local: string, quoted: boolean][] = [
    ['"u x"', true],
    ['""', true],
    ['"', false],
    ['"u', false],
    ['u"', false],
    ['ux', false],
    ['', false],
  ]
  for (const [local, quoted] of cases) {
    test(`${local} is ${quoted ? '' : 'not '}one quoted string`, () => expect(isQuoted(local)).toBe(quoted))
  }
})

describe('unquote', () => {
  const cases: [local: string, internal: string][] = [
    ['"u x"', 'u x'],
    ['""', ''],
    ['"a\\"b"', 'a"b'],
    ['"a\\\\b"', 'a\\b'],
    ['"\\a\\b"', 'ab'],
    ['"a\\"', 'a\\'],
    ['"a\\b\\"', 'ab\\'],
    ['"\\x"', 'x'],
  ]
  for (const [local, internal] of cases) {
    test(`${local} stands for ${internal}`, () => expect(unquote(local)).toBe(internal))
  }
})

describe('a local part', () => {
  const plain = ['u', 'a.b', 'a.b.c', "!#$%&'*+-/=?^_`{|}~", 'ü', '0']
  for (const local of plain) {
    test(`${local} needs no quotes`, () =>
      expect([isDotString(local), quoteIfNeeded(local)]).toEqual([true, local]))
  }
  const quoted: [local: string, external: string][] = [
    ['', '""'],
    ['.', '"."'],
    ['.a', '".a"'],
    ['a.', '"a."'],
    ['a..b', '"a..b"'],
    ['a b', '"a b"'],
    ['a\x1f', '"a\x1f"'],
    ['a\x7f', '"a\x7f"'],
    ['a"b', '"a\\"b"'],
    ['a\\b', '"a\\\\b"'],
    ['a\rb', '"a\\\rb"'],
    ...Array.from('()<>[]:;@,', (special): [string, string] => [`a${special}b`, `"a${special}b"`]),
  ]
  for (const [local, external] of quoted) {
    test(`${JSON.stringify(local)} is written ${JSON.stringify(external)}`, () =>
      expect([isDotString(local), quoteIfNeeded(local)]).toEqual([false, external]))
  }
})

describe('the extension', () => {
  const cases: [local: string, delimiters: string, start: number][] = [
    ['u+x', '+', 1],
    ['u+x+y', '+', 1],
    ['u-x+y', '+-', 1],
    ['u-x+y', '-+', 1],
    ['u+x-y', '-+', 1],
    ['u', '+-', -1],
    ['u+x', '', -1],
    ['+x', '+', -1],
    ['u+', '+', 1],
    // Of three delimiters the first in the text counts, wherever it stands in the set.
    ['a=b+c-d', '+-=', 1],
    ['mailer-daemon', '-', -1],
    ['Double-Bounce', '-', -1],
    ['owner-list', '-', -1],
    ['Owner-list+x', '+-', -1],
    ['owner-list+x', '+', 10],
    ['list-request', '-', -1],
    ['list-REQUEST', '-', -1],
    ['list-request+x', '+', 12],
    ['list-requests', '-', 4],
    ['x-request-y', '-', 1],
  ]
  for (const [local, delimiters, start] of cases) {
    test(`of ${local} begins at ${start} with the delimiters "${delimiters}"`, () =>
      expect(extensionStart(local, delimiters)).toBe(start))
  }
})

describe('the spellings', () => {
  const cases: [local: string, full: string[], bare: string[]][] = [
    ['u', ['u'], []],
    ['u+x', ['u+x'], ['u']],
    ['""', ['""'], []],
    ['"u x"', ['"u x"', 'u x'], []],
    ['"u+x"', ['"u+x"', 'u+x'], ['u']],
    ['"u v+x"', ['"u v+x"', 'u v+x'], ['"u v"', 'u v']],
  ]
  for (const [local, full, bare] of cases) {
    test(`of ${local} are ${[...full, ...bare].join(', ')}`, () =>
      expect(localPartForms(local, '+')).toEqual({ full, bare }))
  }
})
