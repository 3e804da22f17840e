import { describe, expect, test } from 'vitest'
import {
  escapeHeader,
  escapeJson,
  escapePathLiteral,
  escapeUrl,
  headerBytes,
} from '../../../../../src/upstreams/http-client/request/escape.ts'

describe('a text is made harmless', () => {
  const cases: [place: string, escape: (text: string) => string, text: string, expected: string][] = [
    [
      'in a URL',
      escapeUrl,
      "aZ09-._~ !'()*/?#[]@$&+,;=%",
      'aZ09-._~%20%21%27%28%29%2A%2F%3F%23%5B%5D%40%24%26%2B%2C%3B%3D%25',
    ],
    ['in a URL', escapeUrl, 'é\u2028𝒳', '%C3%A9%E2%80%A8%F0%9D%92%B3'],
    ['in a JSON string', escapeJson, '"\\\n\u0000/', '\\"\\\\\\n\\u0000/'],
    ['in a header', escapeHeader, 'a "b", c; d=e', 'a "b", c; d=e'],
    ['in a header', escapeHeader, '  a b  ', '%20%20a b%20%20'],
    ['in a header', escapeHeader, 'a\r\nb\u007f%0d é', 'a%0D%0Ab%7F%250d %C3%A9'],
    ['as literal text of a path', escapePathLiteral, '/a%41@b:c;d=e&f', '/a%41@b:c;d=e&f'],
    [
      'as literal text of a path',
      escapePathLiteral,
      'a b#c"<>\\^`{|}é',
      'a%20b%23c%22%3C%3E%5C%5E%60%7B%7C%7D%C3%A9',
    ],
    ['as fixed header text', headerBytes, 'é', 'Ã©'],
  ]
  for (const [place, escape_, text, expected] of cases) {
    test(`${place}: ${JSON.stringify(text)}`, () => expect(escape_(text)).toBe(expected))
  }
})

test('a header with a long run of spaces is escaped in linear time', () => {
  const text = `a${' '.repeat(500_000)}b`
  const startMs = performance.now()
  expect(escapeHeader(text)).toBe(text)
  expect(performance.now() - startMs).toBeLessThan(1000)
})
