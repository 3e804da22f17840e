import { describe, expect, test } from 'vitest'
import { percentQuote, percentQuoteBytes, percentUnquote } from '../../../../src/protocols/framing/percent.ts'

describe('percentQuote', () => {
  const cases: [text: string, quoted: string][] = [
    ['', ''],
    ['user+ext@company.example', 'user+ext@company.example'],
    ['!"#$&\'()*+,-./:;<=>?@[\\]^_`{|}~', '!"#$&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
    ['a b', 'a%20b'],
    ['50%', '50%25'],
    ['\t\n\v\f\r', '%09%0A%0B%0C%0D'],
    ['\x00\x1f\x7f', '%00%1F%7F'],
    ['é€😀', '%C3%A9%E2%82%AC%F0%9F%98%80'],
  ]
  for (const [text, quoted] of cases) {
    test(`${JSON.stringify(text)} is quoted as "${quoted}"`, () => {
      expect(percentQuote(text)).toBe(quoted)
      expect(percentQuoteBytes(Buffer.from(text))).toBe(quoted)
      expect(percentUnquote(Buffer.from(quoted))?.toString()).toBe(text)
    })
  }

  test('bytes that are no text are quoted one by one', () => {
    expect(percentQuoteBytes(Buffer.from([0xff, 0x61, 0x80]))).toBe('%FFa%80')
  })
})

describe('percentUnquote', () => {
  for (const good of ['%2f', '%2F']) {
    test(`${good} is a slash`, () => expect(percentUnquote(Buffer.from(good))?.toString()).toBe('/'))
  }
  for (const bad of ['%', '%4', '%zz', '%4g', '%g4', 'a%', 'a%2', '%%20', '% 1', '%-1', '%:0', '%0@']) {
    test(`"${bad}" is no quoting`, () => expect(percentUnquote(Buffer.from(bad))).toBeUndefined())
  }
  test('a text without a percent sign is given back uncopied', () => {
    const text = Buffer.from('plain')
    expect(percentUnquote(text)).toBe(text)
  })
})
