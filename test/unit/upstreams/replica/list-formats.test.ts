/**
 * Lists in every format, at every cut of their bytes, and what is not whole.
 */
import { describe, expect, test } from 'vitest'
import { ListError } from '../../../../src/upstreams/replica/list-error.ts'
import {
  formatOf,
  type ListFormat,
  type RawEntry,
  readEntries,
} from '../../../../src/upstreams/replica/list-formats.ts'
import { chunkings } from '../../../support/wire/chunkings.ts'

async function* from(chunks: readonly Buffer[]) {
  yield* chunks
}

async function read(format: ListFormat, chunks: readonly Buffer[], items = '$[*]', next?: string) {
  const entries: RawEntry[] = []
  const nexts: unknown[] = []
  try {
    const take = (address: unknown) => nexts.push(address)
    const reading = { items, marks: next === undefined ? [] : [{ path: next, take }] }
    for await (const some of readEntries(format, from(chunks), reading)) entries.push(...some)
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    return error.message
  }
  return [...entries.map(({ name, item }) => [name, item]), ...nexts.map((address) => ['next', address])]
}

const WHOLE: [name: string, format: ListFormat, text: string, items: string, expected: unknown[]][] = [
  [
    'an array of objects',
    'json',
    '[{"a":"x","v":["1","é"]},{"a":"y"}]',
    '$[*]',
    [
      [undefined, { a: 'x', v: ['1', 'é'] }],
      [undefined, { a: 'y' }],
    ],
  ],
  [
    'an array of texts',
    'json',
    ' ["x","y"]\n',
    '$[*]',
    [
      [undefined, 'x'],
      [undefined, 'y'],
    ],
  ],
  [
    'an object',
    'json',
    '{"x":"1","y":["2","3"]}',
    '$[*]',
    [
      ['x', '1'],
      ['y', ['2', '3']],
    ],
  ],
  [
    'entries below names',
    'json',
    '{"n":5,"data":{"users":[{"a":1}],"more":[2]}}',
    '$.data.users[*]',
    [[undefined, { a: 1 }]],
  ],
  ['an empty array', 'json', '[]', '$[*]', []],
  [
    'lines of JSON',
    'ndjson',
    '{"a":"x"}\n\r\n"é"\r\n',
    '$[*]',
    [
      [undefined, { a: 'x' }],
      [undefined, 'é'],
    ],
  ],
  [
    'rows',
    'csv',
    'a,v\r\nx,"1, ""2"""\r\ny,é\r\n',
    '$[*]',
    [
      [undefined, { a: 'x', v: '1, "2"' }],
      [undefined, { a: 'y', v: 'é' }],
    ],
  ],
  [
    'lines of key and value',
    'lines',
    '# users\n\nx  1\ny\t2 ,\n  3\n',
    '$[*]',
    [
      ['x', '1'],
      ['y', '2 ,  3'],
    ],
  ],
  [
    'keys with quotes, and blanks that are none for Postfix',
    'lines',
    '"ann b"@a.example  annb/\nx\\ y  1\n"q\\" r"@z\t"2"\na\u00a0b c\n\u00a0d e\n  f \n',
    '$[*]',
    [
      ['"ann b"@a.example', 'annb/'],
      ['x\\ y', '1'],
      ['"q\\" r"@z', '"2"'],
      ['a\u00a0b', 'c'],
      ['\u00a0d', 'e  f'],
    ],
  ],
]

describe('a list', () => {
  for (const [name, format, text, items, expected] of WHOLE) {
    test(`of ${name} is read, however its bytes arrive`, async () => {
      for (const chunks of chunkings(Buffer.from(text)))
        expect(await read(format, chunks, items)).toEqual(expected)
    })
  }

  test('that is cut at any byte is none: JSON', async () => {
    for (const [, format, text, items] of WHOLE.filter(([, format]) => format === 'json')) {
      const bytes = Buffer.from(text.trimEnd())
      for (let at = 0; at < bytes.length; at++)
        expect([at, typeof (await read(format, [bytes.subarray(0, at)], items))]).toEqual([at, 'string'])
    }
  })

  test('that is cut at any byte within a line is none', async () => {
    for (const [, format, text] of WHOLE.filter(([, format]) => format !== 'json')) {
      const bytes = Buffer.from(text)
      for (let at = 1; at < bytes.length; at++) {
        if (bytes[at - 1] === 0x0a) continue
        expect([format, at, typeof (await read(format, [bytes.subarray(0, at)]))]).toEqual([
          format,
          at,
          'string',
        ])
      }
    }
  })

  test('has the address of its next page beside its entries', async () => {
    const text = Buffer.from('{"next":"/p2","data":{"users":[1]}}')
    expect(await read('json', [text], '$.data.users[*]', '$.next')).toEqual([
      [undefined, 1],
      ['next', '/p2'],
    ])
  })
})

describe('a JSON page in which the entries are', () => {
  for (const [name, text, items, expected] of [
    ['not there', '{"error":"rate limited"}', '$.entries[*]', '$.entries is missing; there is "error"'],
    [
      'not there among many names',
      '{"a":1,"b":2,"c":3,"d":4}',
      '$.entries[*]',
      '$.entries is missing; there is "a", "b", "c", ...',
    ],
    ['not there in an empty object', '{}', '$.entries[*]', '$.entries is missing; there is nothing'],
    ['null', '{"entries":null,"next":"/p"}', '$.entries[*]', '$.entries is null'],
    ['a text', '{"entries":"none"}', '$.entries[*]', '$.entries is a text'],
    ['a number', '{"entries":0}', '$.entries[*]', '$.entries is a number'],
    ['false', '{"entries":false}', '$.entries[*]', '$.entries is false'],
    ['below null', '{"data":null}', '$.data.users[*]', '$.data is null'],
    ['below a list', '{"data":[]}', '$.data.users[*]', '$.data is a list'],
    [
      'below another name',
      '{"data":{"user":[]}}',
      '$.data.users[*]',
      '$.data.users is missing; there is "user"',
    ],
    ['null itself', 'null', '$[*]', '$ is null'],
    ['a text itself', '"maintenance"', '$[*]', '$ is a text'],
  ] as const) {
    test(`${name} is none`, async () => {
      for (const chunks of chunkings(Buffer.from(text)))
        expect(await read('json', chunks, items)).toBe(
          `the list has no entries where replica.items points: ${expected}`,
        )
    })
  }

  for (const [text, items] of [
    ['{"entries":[]}', '$.entries[*]'],
    ['{"entries":{}}', '$.entries[*]'],
    ['\ufeff[]', '$[*]'],
    ['{}', '$[*]'],
  ] as const) {
    test(`an empty list has no entries: ${text}`, async () => {
      for (const chunks of chunkings(Buffer.from(text))) expect(await read('json', chunks, items)).toEqual([])
    })
  }
})

describe('no list is', () => {
  for (const [name, format, text, reason] of [
    [
      'JSON with something behind it',
      'json',
      '[1]x',
      'the list cannot be read as JSON, at or before entry 2',
    ],
    ['JSON that is none', 'json', '[{"a":1},{a:2}]', 'the list cannot be read as JSON, at or before entry 2'],
    ['a line that is no JSON', 'ndjson', '1\n{\n', 'the list cannot be read as NDJSON, at or before entry 2'],
    [
      'a row with a column too few',
      'csv',
      'a,b\n1,2\n3\n',
      'the list cannot be read as CSV, at or before entry 2',
    ],
    [
      'a quote that does not end',
      'csv',
      'a,b\n1,"2\n',
      'the list cannot be read as CSV, at or before entry 1',
    ],
    [
      'a key without a value',
      'lines',
      'x 1\ny\n',
      'the list cannot be read as lines of key and value, at or before entry 2',
    ],
    [
      'a quote in a key that does not end',
      'lines',
      'x 1\n"y z 2\n',
      'the list cannot be read as lines of key and value, at or before entry 2',
    ],
    [
      'a name of a column that is there twice',
      'csv',
      'a,b,b\n1,2,3\n',
      'the list has two columns of the name b',
    ],
    [
      'a value without a key',
      'lines',
      '  1\n',
      'the list cannot be read as lines of key and value, at or before entry 1',
    ],
  ] as const) {
    test(name, async () => {
      for (const chunks of chunkings(Buffer.from(text))) expect(await read(format, chunks)).toBe(reason)
    })
  }

  for (const format of ['json', 'ndjson', 'csv', 'lines'] as const) {
    test(`${format} that is not UTF-8`, async () => {
      const bytes = Buffer.concat([
        Buffer.from(format === 'json' ? '["' : 'x "'),
        Buffer.from([0xe9]),
        Buffer.from('"]\n'),
      ])
      expect(await read(format, [bytes])).toBe('the list is not UTF-8')
    })
  }

  test('JSON with an entry of more than a MiB, before all of it is here', async () => {
    const half = Buffer.from(`["${'a'.repeat(700_000)}`)
    const more = Buffer.from('a'.repeat(700_000))
    expect(await read('json', [half, more, more])).toMatch(/^the list has an entry larger than 1 MiB/)
  })
})

test('a content type stands for a format', () => {
  expect(formatOf('application/json')).toBe('json')
  expect(formatOf('application/hal+json')).toBe('json')
  expect(formatOf('application/x-ndjson')).toBe('ndjson')
  expect(formatOf('text/csv')).toBe('csv')
  expect(formatOf('text/plain')).toBe('lines')
  expect(formatOf('application/octet-stream')).toBeUndefined()
  expect(formatOf('')).toBeUndefined()
})
