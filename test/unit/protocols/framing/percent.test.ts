import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
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
      assert.equal(percentQuote(text), quoted)
      assert.equal(percentQuoteBytes(Buffer.from(text)), quoted)
      assert.equal(percentUnquote(Buffer.from(quoted))?.toString(), text)
    })
  }

  test('bytes that are no text are quoted one by one', () => {
    assert.equal(percentQuoteBytes(Buffer.from([0xff, 0x61, 0x80])), '%FFa%80')
  })
})

describe('percentUnquote', () => {
  for (const good of ['%2f', '%2F']) {
    test(`${good} is a slash`, () => assert.equal(percentUnquote(Buffer.from(good))?.toString(), '/'))
  }
  for (const bad of ['%', '%4', '%zz', '%4g', '%g4', 'a%', 'a%2', '%%20', '% 1', '%-1', '%:0', '%0@']) {
    test(`"${bad}" is no quoting`, () => assert.equal(percentUnquote(Buffer.from(bad)), undefined))
  }
  test('a text without a percent sign is given back uncopied', () => {
    const text = Buffer.from('plain')
    assert.equal(percentUnquote(text), text)
  })
})
