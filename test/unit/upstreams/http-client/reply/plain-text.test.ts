import { describe, expect, test } from 'vitest'
import { readBody } from '../../../../../src/upstreams/http-client/reply/body-values.ts'

const selectors = { value: undefined, error: undefined, maxValues: 1000 }

/** What a 200 with this body means: its values, or that nobody can tell. */
function read(text: string | Buffer, contentType?: string | string[]): readonly string[] | string {
  const body = Buffer.from(text as string)
  const headers = {
    'content-length': String(body.length),
    ...(contentType && { 'content-type': contentType }),
  }
  const values = readBody({ status: 200, headers, body }, selectors)
  return values.kind === 'values' ? values.values : values.kind
}

describe.each([[undefined], ['text/plain'], ['text/plain; charset=utf-8'], ['TEXT/PLAIN']])(
  'sent as %s',
  (type) => {
    test.each([
      ['["a@b.example","c@d.example"]', ['a@b.example', 'c@d.example']],
      [' ["a@b.example"]\n', ['a@b.example']],
      ['"a@b.example"', ['a@b.example']],
      ['\ufeff"a@b.example"', ['a@b.example']],
      ['[1, "a"]', ['1', 'a']],
    ])('%j is read as JSON', (text, values) => {
      expect(read(text, type)).toEqual(values)
    })

    test.each([
      ['null'],
      ['null\n'],
      ['[]'],
      ['""'],
      ['[null]'],
      ['{}'],
      ['{"error":"no such alias"}'],
      ['{"goto":["a@b.example"]}'],
      ['[{"goto":"a@b.example"}]'],
      ['[["a@b.example"]]'],
      ['true'],
      ['False'],
      ['undefined'],
      ['None'],
      ['NaN'],
      ['NULL'],
      ['[object Object]'],
      ['["a@b.exam'],
      ['{"goto":'],
      ['"a@b.exam'],
      ['[ {'],
      ['<b>hello</b>'],
      ['<br />'],
      ['<?xml version="1.0"?><a/>'],
      ['<!-- error -->'],
      ['<Error><Code>NoSuchKey</Code></Error>'],
      ['["<b>x</b>"]'],
      ['404 page not found'],
      ['no healthy upstream'],
      ['["a@b.example\u200b"]'],
    ])('%j is no answer', (text) => {
      expect(read(text, type)).toBe('unreadable')
    })

    test.each([
      ['[mail.example]:587'],
      ['[192.0.2.1]'],
      ['"john doe"@b.example'],
      ['"|/usr/bin/vacation root"'],
      ['<a@b.example>'],
      ['5000'],
      ['0755'],
      ['none'],
      ['OK'],
      ['550 5.1.1 no such user'],
      ['a, b'],
      ['1e5'],
    ])('%j is the value as it stands', (text) => {
      expect(read(text, type)).toEqual([text])
    })
  },
)

describe('content types', () => {
  test.each([
    ['application/json'],
    ['APPLICATION/JSON'],
    ['application/json;charset=UTF-8'],
    ['application/json ; x="a,b"'],
    ['text/json'],
    ['text/x-json'],
    ['application/vnd.directory+json'],
    ['application/hal+json; profile=x'],
    [['application/json', 'application/json']],
  ])('%j is JSON, so that null is not found', (type) => {
    expect(read('null', type)).toEqual([])
    expect(read('a@b.example', type)).toBe('unreadable')
  })

  test.each([
    [['application/json', 'text/plain']],
    [['text/html', 'application/json']],
    ['text/plain, application/json'],
    ['text/html'],
    ['application/xhtml+xml'],
    ['image/svg+xml'],
    ['image/png'],
    ['multipart/form-data; boundary=x'],
    ['application/octet-stream'],
    ['application/javascript'],
    ['text/javascript'],
    ['text/yaml'],
    ['text/csv'],
    ['application/x-www-form-urlencoded'],
    ['application/x-ndjson'],
    ['text/event-stream'],
  ])('%j is no answer', (type) => {
    expect(read('["a@b.example"]', type)).toBe('unreadable')
  })
})

test.each([
  ['"null"'],
  ['["null"]'],
  ['"undefined"'],
  ['"None"'],
  ['"NaN"'],
  ['"[object Object]"'],
  ['"\\"a@b.example\\""'],
  ['["\'a@b.example\'", "[\'a@b.example\']"]'],
  ['"Internal Server Error"'],
])('the JSON text %s is no value', (text) => {
  expect(read(text, 'application/json')).toBe('unreadable')
})

test('a text that is itself JSON was encoded twice', () => {
  expect(read('["[\\"a@b.example\\"]"]', 'application/json')).toBe('unreadable')
  expect(read('"{\\"goto\\":1}"', 'application/json')).toBe('unreadable')
  expect(read('"[mail.example]"', 'application/json')).toEqual(['[mail.example]'])
})
