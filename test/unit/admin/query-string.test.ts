import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkQuery, parseQuery, queryBytes } from '../../../src/admin/query-string.ts'

describe('queryBytes', () => {
  const cases: [name: string, url: string, expected: string | undefined][] = [
    ['reads a parameter', '/x?key=bob', 'bob'],
    ['leaves a plus sign a plus sign', '/x?key=bob+news@a.example', 'bob+news@a.example'],
    ['decodes escapes of both cases', '/x?key=%2b%2B', '++'],
    ['knows an empty key', '/x?key=', ''],
    ['knows a key without a value', '/x?key', ''],
    ['splits at the first equals sign', '/x?key=a=b', 'a=b'],
    ['takes the first of two', '/x?key=a&key=b', 'a'],
    ['finds it behind others', '/x?explain=true&&key=a', 'a'],
    ['decodes names as well', '/x?%6Bey=a', 'a'],
    ['knows no parameter without a query', '/x', undefined],
    ['knows no parameter of another name', '/x?keys=a', undefined],
  ]
  for (const [name, url, expected] of cases) {
    test(name, () => {
      expect(queryBytes(url, 'key')?.toString()).toBe(expected)
    })
  }

  test('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
        expect(queryBytes(`/x?key=${escaped}`, 'key')).toEqual(Buffer.from(bytes))
      }),
    )
  })

  test('gives back any text that encodeURIComponent has escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(queryBytes(`/x?key=${encodeURIComponent(text)}`, 'key')?.toString()).toBe(text)
      }),
    )
  })
})

describe('checkQuery', () => {
  for (const url of ['/x?key=100%', '/x?key=%4', '/x?key=%zz', '/x?%=a']) {
    test(`refuses ${url}`, () => {
      expect(() => checkQuery(url)).toThrow('two hexadecimal digits')
    })
  }

  test('leaves the path to the router', () => {
    expect(() => checkQuery('/%zz?key=%25')).not.toThrow()
  })
})

describe('parseQuery', () => {
  test('gives a repeated parameter as an array, which no schema takes', () => {
    expect({ ...parseQuery('a=1&b=2&a=3&a=4') }).toEqual({ a: ['1', '3', '4'], b: '2' })
  })

  test('shows bytes that are not UTF-8 as U+FFFD', () => {
    expect(parseQuery('key=%ff').key).toBe('\ufffd')
  })

  test('takes __proto__ for a name like any other', () => {
    expect(Object.keys(parseQuery('__proto__=a'))).toEqual(['__proto__'])
    expect({}).not.toHaveProperty('a')
  })
})
