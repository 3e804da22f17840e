import { query } from 'json-p3'
import { describe, expect, test } from 'vitest'
import { JsonPath } from '../../../../../src/upstreams/http-client/reply/json-path.ts'

describe('a JSONPath', () => {
  const document = {
    goto: ['a', 'b'],
    users: [
      { name: 'x', on: true },
      { name: 'y', on: false },
    ],
  }
  const cases: [path: string, expected: unknown[]][] = [
    ['$.goto', [['a', 'b']]],
    ['$.goto[*]', ['a', 'b']],
    ['$.users[?@.on == true].name', ['x']],
    ["$.users[?match(@.name, '[xy]')].name", ['x', 'y']],
    ['$..name', ['x', 'y']],
    ['$.none', []],
    ['$', [document]],
  ]
  for (const [path, expected] of cases) {
    test(`${path} selects what RFC 9535 says`, () => {
      expect(new JsonPath(path).select(document, 10)).toStrictEqual({ kind: 'nodes', values: expected })
    })
  }

  test('ends at its bound of nodes', () => {
    expect(new JsonPath('$[*]').select([1, 2], 2).kind).toBe('nodes')
    expect(new JsonPath('$[*]').select([1, 2, 3], 2).kind).toBe('too-many')
  })

  test('does not descend for ever', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    expect(new JsonPath('$..a').select(nested(49), 10).kind).toBe('nodes')
    expect(new JsonPath('$..a').select(nested(60), 10).kind).toBe('failed')
    expect(new JsonPath('$..a').select(nested(100_000), 10).kind).toBe('failed')
  })

  test('does not match long texts with regular expressions', () => {
    const path = new JsonPath("$[?search(@, 'x')]")
    expect(path.select(['x'.repeat(1024)], 10).kind).toBe('nodes')
    expect(path.select(['x'.repeat(1025)], 10).kind).toBe('failed')
  })

  test.each([
    ['(a+)+$', `${'a'.repeat(59)}!`],
    ['(a|a)*b', 'a'.repeat(1000)],
    ['(.*a){12}', 'x'.repeat(1000)],
    ['([a-z]+)*@', 'a'.repeat(1000)],
  ])(
    'with the pattern %s takes linear time',
    (pattern, text) => {
      for (const name of ['search', 'match']) {
        const path = new JsonPath(`$[?${name}(@, '${pattern.replace('$', '')}')]`)
        expect(path.select(Array(20).fill(text), 100)).toMatchObject({ kind: 'nodes' })
      }
    },
    2000,
  )

  test.each([
    ["$[?search(@, 'b.d')]", ['abcde', 'ab\nde', 'b😀d'], ['abcde', 'b😀d']],
    ["$[?match(@, 'a.c')]", ['abc', 'abcd', 'a\rc', 'xabc'], ['abc']],
    ["$[?match(@, '[.]|\\\\.\\\\.')]", ['.', 'x', '..'], ['.', '..']],
    ["$[?match(@, 'a|bc')]", ['a', 'bc', 'ac', 'abc'], ['a', 'bc']],
    ["$[?search(@, '\\\\p{Lu}')]", ['x', 'Ä'], ['Ä']],
    ["$[?match(@, '\\\\p{Lu}[^a-z]{2,3}')]", ['ÄBC', 'Äbc', 'ÄBCDE'], ['ÄBC']],
    ["$[?search(@, 'x') == true]", [], undefined],
  ])('%s finds what RFC 9485 says', (path, document, expected) => {
    if (expected === undefined) expect(() => new JsonPath(path)).toThrow(TypeError)
    else expect(new JsonPath(path).select(document, 10)).toEqual({ kind: 'nodes', values: expected })
  })

  test.each([
    ['$[?search(@.name, @.pattern)]'],
    ['$[?match(@, $.pattern)]'],
    ["$[?search(@, '(?=a)')]"],
    ["$[?search(@, '(a)\\\\1')]"],
    ["$[?search(@, '(')]"],
  ])('%s is refused: no literal pattern of RFC 9485', (path) => {
    expect(() => new JsonPath(path)).toThrow(TypeError)
  })

  test.each([
    ['$..[?count(@..*) > 100000]'],
    ['$..*..[?@.none]'],
    ['$..*..*..none'],
    ['$[?length($[0]) > 1]'],
    ['$..[?search(@, "z")]'],
    ['$..[::1][::1][?@.none]'],
  ])('%s stops at its bound of steps', (path) => {
    const documents = [
      JSON.parse(`[${'[[[[[1],2],3],4],5],'.repeat(20_000)}1]`),
      ['x'.repeat(500_000), ...Array(50_000).fill('yyyyyyyyyyy')],
    ]
    const kinds = documents.map((document) => new JsonPath(path).select(document, 10_000).kind)
    expect(kinds).toContain('failed')
  })

  test('selects from a list of the largest size that a table may take', () => {
    const document = { items: Array.from({ length: 100_000 }, (_, at) => ({ address: `a${at}` })) }
    expect(new JsonPath('$.items[*].address').select(document, 100_000)).toMatchObject({ kind: 'nodes' })
  })

  for (const text of ['', 'goto', '$.', '$[', '$[?nosuch(@)]']) {
    test(`${JSON.stringify(text)} is none`, () => expect(() => new JsonPath(text)).toThrow(TypeError))
  }
})

describe('a path that selects one node at most', () => {
  const cases: [path: string, json: string, expected: unknown[]][] = [
    ['$', '"a"', ['a']],
    ['$.goto', '{"goto":"a"}', ['a']],
    ['$.goto', '{"goto":null}', [null]],
    ['$.goto', '["goto"]', []],
    ['$.goto', '"goto"', []],
    ['$.goto', 'null', []],
    ['$.toString', '{}', []],
    ['$.length', '["a"]', []],
    ['$.data[0].goto', '{"data":[{"goto":"a"},{"goto":"b"}]}', ['a']],
    ['$.data[-1].goto', '{"data":[{"goto":"a"},{"goto":"b"}]}', ['b']],
    ['$[2]', '["a","b"]', []],
    ['$[-3]', '["a","b"]', []],
    ['$[0]', '{"0":"a"}', []],
    ['$["0"]', '{"0":"a"}', ['a']],
    ['$["0"]', '["a"]', []],
  ]

  for (const [path, json, expected] of cases) {
    test(`${path} of ${json} is ${JSON.stringify(expected)}, as the library says`, () => {
      const document = JSON.parse(json)
      expect(new JsonPath(path).select(document, 10)).toStrictEqual({ kind: 'nodes', values: expected })
      expect(query(path, document).values()).toStrictEqual(expected)
    })
  }
})
