import { describe, expect, test } from 'vitest'
import {
  type BodyValues,
  collect,
  readBody,
} from '../../../../../src/upstreams/http-client/reply/body-values.ts'

const shown = (body: BodyValues): readonly string[] | string =>
  body.kind === 'values' ? body.values : body.kind

describe('selected nodes', () => {
  const cases: [sentence: string, nodes: unknown[], expected: readonly string[] | string][] = [
    ['go element by element, arrays too', ['a', ['b', 'c']], ['a', 'b', 'c']],
    ['lose what is empty', [null, '', [], ['', null], 'a'], ['a']],
    ['may all be empty', [[null]], []],
    [
      'of numbers become decimal text',
      [0, -1, 1.5, 1e6, 0.000001],
      ['0', '-1', '1.5', '1000000', '0.000001'],
    ],
    ['may be the largest exact number', [Number.MAX_SAFE_INTEGER], ['9007199254740991']],
    ['may not be one more', [Number.MAX_SAFE_INTEGER + 1], 'unreadable'],
    ['may not need an exponent', [1e-7], 'unreadable'],
    ['may not be truth values', [true], 'unreadable'],
    ['may not be objects', ['a', {}], 'unreadable'],
    ['may not be arrays in arrays', [[[]]], 'unreadable'],
    ['may hold a space, quotes and any letter', ['a "ü𝒳" b'], ['a "ü𝒳" b']],
    ['may not hold a tab', ['a\tb'], 'unreadable'],
    ['may not hold a delete', ['a\u007f'], 'unreadable'],
    ['may not hold a C1 control', ['a\u0085'], 'unreadable'],
    ['may hold the first character behind C1 that can be seen', ['a\u00a1'], ['a\u00a1']],
    ['may not hold a no-break space', ['a\u00a0'], 'unreadable'],
    ['may not be nothing but spaces', ['a', ' '], 'unreadable'],
    ['may not be nothing but other spaces', ['\u00a0\u3000'], 'unreadable'],
    ['lose the spaces around a letter', [' a ', 'b  '], ['a', 'b']],
    ['may not hold half a character', ['a\udc00'], 'unreadable'],
  ]
  for (const [sentence, nodes, expected] of cases) {
    test(sentence, () => expect(shown(collect(nodes))).toStrictEqual(expected))
  }
})

describe('a plain text', () => {
  const none = { value: undefined, error: undefined, maxValues: 10 }
  const cases: [sentence: string, text: string, expected: readonly string[] | string][] = [
    ['is its own value', 'a', ['a']],
    ['loses one line end', 'a\n', ['a']],
    ['loses one line end of two bytes', 'a\r\n', ['a']],
    ['keeps no second one', 'a\n\n', 'unreadable'],
    ['loses no lone carriage return', 'a\r', 'unreadable'],
    ['loses its byte order mark', '\ufeffa', ['a']],
    ['may be only a line end', '\n', []],
    ['loses the spaces at its ends', '  a b ', ['a b']],
    ['may not be nothing but spaces', '  ', 'unreadable'],
  ]
  for (const [sentence, text, expected] of cases) {
    test(sentence, () => {
      const body = Buffer.from(text)
      const headers = { 'content-type': 'text/plain', 'content-length': String(body.length) }
      expect(shown(readBody({ status: 200, headers, body }, none))).toStrictEqual(expected)
    })
  }
})
