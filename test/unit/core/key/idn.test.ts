import { describe, expect, test } from 'vitest'
import {
  asciiAddress,
  asciiDomain,
  asciiValue,
  comparableAddress,
  comparableDomain,
} from '../../../../src/core/key/idn.ts'
import { filterByList } from '../../../../src/core/search/domains-filter.ts'

describe('A-labels', () => {
  test.each([
    ['example.com', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['bücher。example', 'xn--bcher-kva.example'],
    ['.bücher.example', '.xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['bücher/x', 'bücher/x'],
    ['ü@x', 'ü@x'],
    ['\u200d.example', '\u200d.example'],
    ['', ''],
  ])('%j is %j', (domain, ascii) => expect(asciiDomain(domain)).toBe(ascii))

  test.each([
    ['info@bücher.example', 'info@xn--bcher-kva.example'],
    ['jürgen@bücher.example', 'jürgen@xn--bcher-kva.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['@bücher.example', '@xn--bcher-kva.example'],
    ['jürgen', 'jürgen'],
    ['"a@b"@bücher.example', '"a@b"@xn--bcher-kva.example'],
  ])('the address %j is %j', (text, ascii) => expect(asciiAddress(text)).toBe(ascii))

  test.each([
    ['a@bücher.example, ü@bücher.example', 'a@xn--bcher-kva.example, ü@xn--bcher-kva.example'],
    ['smtp:[bücher.example]:25', 'smtp:[xn--bcher-kva.example]:25'],
    ['REJECT für immer', 'REJECT für immer'],
    ['plain', 'plain'],
    ['REJECT Viele Grüße.', 'REJECT Viele Grüße.'],
    ['a@ü_x.example', 'a@xn--_x-wka.example'],
    ['a@bücher。example', 'a@xn--bcher-kva.example'],
    ['REJECT für…', 'REJECT für…'],
    ['REJECT siehe z.B.…', 'REJECT siehe z.B.…'],
    ['jürgen', 'jürgen'],
    ['jürgen…@b.example', 'jürgen…@b.example'],
    ['"b@ü"@köln.example', '"b@ü"@xn--kln-sna.example'],
    ['"Köln.Büro" <a@köln.example>', '"Köln.Büro" <a@xn--kln-sna.example>'],
    ['Büro.Köln <a@köln.example>', 'Büro.Köln <a@xn--kln-sna.example>'],
    ['bücher.example/alice/', 'bücher.example/alice/'],
    [`a@ü${'a'.repeat(55)}.example`, `a@xn--${'a'.repeat(55)}-oxf.example`],
  ])('the value %j is %j', (text, ascii) => expect(asciiValue(text)).toBe(ascii))

  test.each([
    ['one dot leader', '\u2024'],
    ['two dot leader', '\u2025'],
    ['ellipsis', '\u2026'],
    ['a/c', '\u2100'],
    ['a/s', '\u2101'],
    ['c/o', '\u2105'],
    ['c/u', '\u2106'],
    ['digit one full stop', '\u2488'],
    ['small full stop', '\ufe52'],
    ['small at', '\ufe6b'],
    ['full-width at', '\uff20'],
    ['full-width colon', '\uff1a'],
    ['full-width solidus', '\uff0f'],
    ['full-width per cent', '\uff05'],
    ['full-width exclamation', '\uff01'],
    ['full-width number sign', '\uff03'],
    ['full-width plus', '\uff0b'],
    ['parenthesised one', '\u2474'],
    ['double question mark', '\u2047'],
  ])('there is none with %s', (_name, character) => {
    expect(asciiValue(`x@bü${character}cher.example`)).toBeUndefined()
    expect(asciiValue(`ann@b.example, x@bu${character}example`)).toBeUndefined()
    expect(asciiValue(`smtp:[bücher${character}example]:25`)).toBeUndefined()
    expect(asciiValue(`smtp:[b${character}example]`)).toBeUndefined()
  })
})

test('there is none behind a quote without an end', () => {
  expect(asciiValue('"a@köln.example')).toBeUndefined()
  expect(asciiValue('5" a@b.example, ü@köln.example')).toBeUndefined()
  expect(asciiValue('ü@köln.example, 5" a@b.example')).toBe('ü@xn--kln-sna.example, 5" a@b.example')
})

test('there is none of a label that is too long', () => {
  expect(asciiValue(`a@ü${'a'.repeat(56)}.example`)).toBeUndefined()
  expect(asciiValue(`smtp:[ü${'a'.repeat(80)}.example]`)).toBeUndefined()
  expect(asciiValue(`a@ü.${'a.'.repeat(130)}example`)).toBeUndefined()
})

describe('comparable spellings', () => {
  test.each([
    ['a.example', 'a.example'],
    ['a.example.', 'a.example'],
    ['bücher.example.', 'xn--bcher-kva.example'],
    ['a.example..', 'a.example..'],
    ['.', '.'],
    ['', ''],
  ])('of the domain %j: %j', (domain, spelling) => expect(comparableDomain(domain)).toBe(spelling))

  test.each([
    ['u@bücher.example.', 'u@xn--bcher-kva.example'],
    ['u@a.example.', 'u@a.example'],
    ['u.@a.example', 'u.@a.example'],
    ['a.example.', 'a.example'],
    ['u@.', 'u@.'],
  ])('of the key %j: %j', (key, spelling) => expect(comparableAddress(key)).toBe(spelling))
})

describe.each([['bücher.example'], ['xn--bcher-kva.example'], ['.example']])('the list [%s]', (entry) => {
  test.each([
    ['info@bücher.example'],
    ['info@xn--bcher-kva.example'],
    ['info@bu\u0308cher.example'],
    ['bücher.example'],
    ['info@bücher.example.'],
    ['info@xn--bcher-kva.example.'],
    ['BÜCHER.EXAMPLE.'],
  ])('admits %s', (key) => {
    const filter = filterByList(entry.includes('ü') ? [entry, 'xn--bcher-kva.example'] : [entry])
    expect(filter(key).kind).toBe('pass')
  })

  test('and no other', () => expect(filterByList([entry])('info@bäcker.test').kind).toBe('filtered'))
})
