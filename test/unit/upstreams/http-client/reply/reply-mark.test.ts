import { describe, expect, test } from 'vitest'
import type { ResponseSettings } from '../../../../../src/upstreams/http-client/settings.ts'
import { type Fields, JSON_TYPE, replyKind } from '../../../../support/http/reply-kind.ts'

describe('a mark that is demanded of every "not found"', () => {
  const mark = (
    changes: Partial<NonNullable<ResponseSettings['notFoundMark']>>,
  ): Partial<ResponseSettings> => ({
    notFoundMark: { contentType: undefined, header: undefined, jsonPath: undefined, ...changes },
  })

  test.each<[string, ReturnType<typeof mark>, string, Fields, string]>([
    [
      'a content type',
      mark({ contentType: 'application/json' }),
      '{}',
      { 'content-type': 'application/JSON; a=b' },
      'notfound',
    ],
    [
      'another content type',
      mark({ contentType: 'application/json' }),
      '{}',
      { 'content-type': 'text/plain' },
      'temporary',
    ],
    ['no content type', mark({ contentType: 'application/json' }), '{}', {}, 'temporary'],
    ['a header field', mark({ header: 'X-Directory' }), '', { 'x-directory': '' }, 'notfound'],
    ['no header field', mark({ header: 'x-directory' }), '', {}, 'temporary'],
    ['the value of a field', mark({ header: 'x-directory: No' }), '', { 'x-directory': 'no' }, 'notfound'],
    ['another value', mark({ header: 'x-directory: no' }), '', { 'x-directory': 'not' }, 'temporary'],
    ['a member', mark({ jsonPath: "$[?@ == 'gone']" }), '{"code":"gone"}', {}, 'notfound'],
    ['another member', mark({ jsonPath: '$.code' }), '{"error":"gone"}', {}, 'temporary'],
    [
      'more members than are looked at',
      mark({ jsonPath: '$.codes[*]' }),
      JSON.stringify({ codes: Array.from({ length: 1001 }, () => 'no_such') }),
      JSON_TYPE,
      'notfound',
    ],
    ['no JSON', mark({ jsonPath: '$.code' }), 'gone', {}, 'temporary'],
    [
      'a member of a member',
      mark({ jsonPath: "$[?@.code=='no_such']" }),
      '{"error":{"code":"no_such"}}',
      JSON_TYPE,
      'notfound',
    ],
    [
      'the words of a router beside it',
      mark({ jsonPath: '$.code' }),
      '{"code":"x1","message":"No static resource x."}',
      JSON_TYPE,
      'temporary',
    ],
    [
      "words of a router that are said to be the service's",
      { ...mark({ jsonPath: '$.code' }), notFoundBody: 'any' },
      '{"code":"x1","message":"No static resource x."}',
      JSON_TYPE,
      'notfound',
    ],
    ['one of two', mark({ header: 'x-directory', jsonPath: '$.code' }), '{"code":1}', {}, 'temporary'],
  ])('%s', (_what, settings, body, headers, expected) => {
    expect(replyKind(body, headers, settings)).toBe(expected)
  })

  test('also where a value is empty, and nowhere else', () => {
    const settings = mark({ header: 'x-directory' })
    expect(replyKind('null', JSON_TYPE, settings, 200)).toBe('temporary')
    expect(replyKind('null', { ...JSON_TYPE, 'x-directory': '1' }, settings, 200)).toBe('notfound')
    expect(replyKind('"a"', JSON_TYPE, settings, 200)).toBe('found')
  })
})
