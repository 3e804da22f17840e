import { expect, test } from 'vitest'
import { oneLine, printable, printableJson, printableValue } from '../../../src/presentation/printable.ts'

test('a terminal gets no escape sequence: neither of ASCII nor of ISO 8859-1', () => {
  expect(printable('a\x1b[31mred\x9b0m\x07\x7f b')).toBe('a [31mred 0m  b')
  expect(oneLine('\n two\r\nlines\u2028')).toBe('two lines')
})

test('a line reads in the direction in which it was written', () => {
  expect(printable('not \u202edenif\u202c\u2066x\u200f')).toBe('not  denif x ')
  expect(printableValue('a\x1b\u202eb\u{e0001}\tc')).toBe('a\\x1b\\u202eb\\udb40\\udc01\tc')
})

test('what a person reads stays', () => {
  expect(printable('jürgen@bücher.example 日本 🙂')).toBe('jürgen@bücher.example 日本 🙂')
})

test('JSON means the same, with every control character escaped', () => {
  const value = { 'k\x9b': 'a\x1b[31m\x9b\x7f\u2028é\u202e\u{e0001}' }
  const text = printableJson(value)
  expect(text).toBe('{"k\\u009b":"a\\u001b[31m\\u009b\\u007f\\u2028é\\u202e\\udb40\\udc01"}')
  expect(JSON.parse(text)).toEqual(value)
})
