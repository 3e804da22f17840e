import { expect, test } from 'vitest'
import { oneLine, printable, printableJson } from '../../../src/presentation/printable.ts'

test('a terminal gets no escape sequence: neither of ASCII nor of ISO 8859-1', () => {
  expect(printable('a\x1b[31mred\x9b0m\x07\x7f b')).toBe('a [31mred 0m  b')
  expect(oneLine('\n two\r\nlines\u2028')).toBe('two lines')
})

test('what a person reads stays', () => {
  expect(printable('jürgen@bücher.example 日本 🙂')).toBe('jürgen@bücher.example 日本 🙂')
})

test('JSON means the same, with every control character escaped', () => {
  const value = { 'k\x9b': 'a\x1b[31m\x9b\x7f\u2028é' }
  const text = printableJson(value)
  expect(text).toBe('{"k\\u009b":"a\\u001b[31m\\u009b\\u007f\\u2028é"}')
  expect(JSON.parse(text)).toEqual(value)
})
