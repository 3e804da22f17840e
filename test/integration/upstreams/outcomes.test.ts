/**
 * The outcome table of the design, row by row, from a real server.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Reply as Outcome } from '../../../src/core/upstream.ts'
import type { ResponseSettings } from '../../../src/upstreams/http-client/settings.ts'
import {
  openPools,
  responseSettings,
  tableSettings,
  upstreamSettings,
} from '../../support/http/http-endpoint.ts'
import { type Behaviour, startHttpService } from '../../support/http/http-service.ts'

const t = { onTestFinished }

interface Setup {
  readonly usedBy?: readonly string[]
  readonly response?: Partial<ResponseSettings>
  readonly maxBodyBytes?: number
  readonly timeoutMs?: number
}

async function ask(behaviour: Behaviour, setup: Setup = {}): Promise<Outcome> {
  const service = await startHttpService(t)
  service.otherwise = behaviour
  const upstream = upstreamSettings([{ origin: service.origin }], {
    maxBodyBytes: setup.maxBodyBytes ?? 1_048_576,
  })
  const table = tableSettings({ response: responseSettings(setup.response), usedBy: setup.usedBy ?? [] })
  const endpoint = openPools(t, upstream).endpoint(table, 0)
  return endpoint.send('info@a.example', { timeoutMs: setup.timeoutMs ?? 5000 })
}

const value = { response: { value: '$.goto' } }
const failing = { response: { value: '$.goto', error: '$.error' } }
const html = { 'content-type': 'text/html' }

describe('what a service answers', () => {
  const cases: [sentence: string, behaviour: Behaviour, expected: string, setup?: Setup][] = [
    ['a plain text is the value', { text: 'x@b.example' }, 'found x@b.example'],
    ['one line end behind a plain text is dropped', { text: 'x@b.example\r\n' }, 'found x@b.example'],
    ['two line ends are a control character', { text: 'x@b.example\n\n' }, 'temporary unreadable key any'],
    ['a JSON string is the value', { json: 'x@b.example' }, 'found x@b.example'],
    ['a JSON array is joined', { json: ['a@b.example', 'c@b.example'] }, 'found a@b.example, c@b.example'],
    ['a JSON number becomes decimal text', { json: [12, 1.5, -3] }, 'found 12, 1.5, -3'],
    ['a selected array goes element by element', { json: { goto: ['a', 'b'] } }, 'found a, b', value],
    [
      'a domain is spelled as the service has it',
      { json: { goto: 'ü@bücher.example' } },
      'found ü@bücher.example',
      value,
    ],
    [
      'a domain is an A-label where the table wants it',
      { json: { goto: 'ü@bücher.example' } },
      'found ü@xn--bcher-kva.example',
      { response: { value: '$.goto', idn: 'ascii' } },
    ],
    [
      'a domain without an A-label is no value where the table wants one',
      { json: { goto: 'x@bücher\u2024example' } },
      'temporary unreadable none none',
      { response: { value: '$.goto', idn: 'ascii' } },
    ],
    ['a field with its name is no value', { text: 'goto=x@b.example' }, 'temporary unreadable key any'],
    ['what PHP serializes is no value', { text: 's:3:"abc";' }, 'temporary unreadable key any'],
    [
      'a bare status number is no alias',
      { text: '404' },
      'temporary unreadable key any',
      { usedBy: ['virtual_alias_maps'] },
    ],
    [
      'a number that is selected is one',
      { json: { goto: 404 } },
      'found 404',
      { ...value, usedBy: ['virtual_alias_maps'] },
    ],
    [
      'a bare status number is no permission',
      { json: 404 },
      'temporary unreadable key any',
      { usedBy: ['check_client_access'] },
    ],
    [
      'a tenant that is not found is no key',
      { status: 404, json: { error: 'Tenant not found' } },
      'temporary unreadable key any',
    ],
    ['410 for a key is not found', { status: 410, json: { error: 'user was deleted' } }, 'notfound'],
    ['the word for 410 alone is of anybody', { status: 410, text: 'Gone' }, 'temporary unreadable key any'],
    ['a selected null is not found', { json: { goto: null } }, 'notfound', value],
    ['a selected empty text is not found', { json: { goto: '' } }, 'notfound', value],
    ['a selected empty array is not found', { json: { goto: [] } }, 'notfound', value],
    ['an empty plain text is not found', { text: '' }, 'notfound'],
    [
      'an empty text that ends with its connection may be a broken reply',
      { act: 'raw', bytes: 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n' },
      'temporary unreadable key any',
    ],
    [
      'an empty text that has a length is not found',
      { act: 'raw', bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' },
      'notfound',
    ],
    ['a text of HTTP/1.0 is the value', { act: 'raw', bytes: 'HTTP/1.0 200 OK\r\n\r\na\n' }, 'found a'],
    [
      '204 where it is a found status is not found',
      { status: 204 },
      'notfound',
      { response: { found: [204] } },
    ],
    ['204 is not found', { status: 204 }, 'notfound'],
    ['404 is not found', { status: 404, json: { error: 'no such alias' } }, 'notfound', failing],
    ['410 is not found', { status: 410, text: 'gone' }, 'notfound'],
    [
      '404 with a web page is no answer',
      { status: 404, headers: html, text: 'x' },
      'temporary unreadable key any',
    ],
    [
      '404 with what begins like a web page is no answer',
      { status: 404, text: '\n<!DOCTYPE html><html>' },
      'temporary unreadable key any',
    ],
    [
      '404 with a web page is not found where the table says so',
      { status: 404, headers: html, text: '<html>' },
      'notfound',
      { response: { notFoundBody: 'any' } },
    ],
    [
      '404 with a compressed body may hide a web page',
      { status: 404, headers: { 'content-encoding': 'gzip' }, text: 'x' },
      'temporary unreadable key any',
    ],
    ['a path that selects nothing is no answer', { json: {} }, 'temporary unreadable key any', value],
    [
      'a path that selects nothing is not found where the table says so',
      { json: {} },
      'notfound',
      { response: { value: '$.goto', missing: 'notFound' } },
    ],
    [
      'an error field is no answer',
      { json: { error: 'db down', goto: [] } },
      'temporary service key any',
      failing,
    ],
    ['an empty error field is none', { json: { error: '', goto: 'a' } }, 'found a', failing],
    ['a false error field is none', { json: { error: false, goto: 'a' } }, 'found a', failing],
    ['a body that is no JSON is no answer', { text: '{"goto":' }, 'temporary unreadable key any', value],
    ['an empty body where JSON is due is no answer', { text: '' }, 'temporary unreadable key any', value],
    ['a truth value is no value', { json: { goto: true } }, 'temporary unreadable key any', value],
    ['an object is no value', { json: { goto: {} } }, 'temporary unreadable key any', value],
    ['an array in an array is no value', { json: { goto: [['a']] } }, 'temporary unreadable key any', value],
    ['a control character is no value', { json: { goto: 'a\u0000' } }, 'temporary unreadable key any', value],
    ['a line end in a value is no value', { json: { goto: 'a\nb' } }, 'temporary unreadable key any', value],
    ['half a character is no value', { text: '{"goto":"\\ud800"}' }, 'temporary unreadable key any', value],
    [
      'a number that JSON rounds is no value',
      { text: '{"goto":12345678901234567890}' },
      'temporary unreadable key any',
      value,
    ],
    ['what is not UTF-8 is no answer', { body: Buffer.from([0x61, 0xff]) }, 'temporary unreadable key any'],
    [
      'a coding that was not asked for is no answer',
      { text: 'a', headers: { 'content-encoding': 'gzip' } },
      'temporary unreadable key any',
    ],
    ['a web page is no plain text', { text: '<b>hello</b>', headers: html }, 'temporary unreadable key any'],
    ['a body at its limit is read', { text: '1234567890' }, 'found 1234567890', { maxBodyBytes: 10 }],
    [
      'a body over its limit is not',
      { text: '12345678901' },
      'temporary unreadable key any',
      { maxBodyBytes: 10 },
    ],
    [
      'a large announced body is refused by its length',
      { act: 'large', bytes: 10_485_760, announced: true },
      'temporary unreadable key any',
    ],
    [
      'a large chunked body is refused on its way',
      { act: 'large', bytes: 10_485_760, announced: false },
      'temporary unreadable key any',
    ],
    [
      'more values than allowed are no answer',
      { json: ['a', 'b', 'c'] },
      'temporary unreadable none none',
      { response: { maxValues: 2 } },
    ],
    [
      'a path that selects far too many nodes is no answer',
      { json: Array(100).fill(null) },
      'temporary unreadable none none',
      { response: { value: '$[*]', maxValues: 2 } },
    ],
    [
      'a document nested too deep for its path is no answer',
      { text: '['.repeat(1000) + ']'.repeat(1000), headers: { 'content-type': 'application/json' } },
      'temporary unreadable key any',
      { response: { value: '$..goto' } },
    ],
    [
      'a document nested too deep for the error path is no answer',
      { text: '['.repeat(1000) + ']'.repeat(1000), headers: { 'content-type': 'application/json' } },
      'temporary unreadable key any',
      { response: { error: '$..goto' } },
    ],
    ['another 2xx is no answer', { status: 202, text: 'a' }, 'temporary status none any'],
    ['206 is no answer', { status: 206, text: 'a' }, 'temporary status none any'],
    ['304 to no validators is no answer', { status: 304 }, 'temporary unreadable key any'],
    [
      'a redirect is not followed',
      { status: 301, headers: { location: '/x' } },
      'permanent refused none none',
    ],
    ['400 is refused', { status: 400 }, 'permanent refused none none'],
    ['401 may go elsewhere', { status: 401 }, 'permanent refused none other-endpoint'],
    ['403 may go elsewhere', { status: 403 }, 'permanent refused none other-endpoint'],
    ['408 is temporary', { status: 408 }, 'temporary status none any'],
    ['425 is temporary', { status: 425 }, 'temporary status none any'],
    [
      '429 is temporary and asks for a pause',
      { status: 429, headers: { 'retry-after': '7' } },
      'temporary status none any 7000',
    ],
    ['500 is temporary', { status: 500 }, 'temporary status key any'],
    [
      '503 is temporary and asks for a pause',
      { status: 503, headers: { 'retry-after': '120' } },
      'temporary status endpoint any 120000',
    ],
    ['502 says that the endpoint is not there', { status: 502 }, 'temporary status endpoint any'],
    ['504 says so, too', { status: 504 }, 'temporary status endpoint any'],
    ['599 is temporary', { status: 599 }, 'temporary status key any'],
    [
      'a status that the table names is its own',
      { status: 299, text: 'a' },
      'found a',
      { response: { found: [200, 299] } },
    ],
    [
      'a large body of no interest does not matter',
      { status: 500, body: Buffer.alloc(200_000) },
      'temporary status key any',
    ],
  ]

  for (const [sentence, behaviour, expected, setup] of cases) {
    test(sentence, async () => {
      expect(summary(await ask(behaviour, setup))).toBe(expected)
    })
  }
})

/** The parts of a reply that the rows are about. */
function summary({ result, evidence, retry, retryAfterMs }: Outcome): string {
  if (result.kind === 'found' || result.kind === 'notfound')
    expect([evidence, retry]).toStrictEqual(['good', 'none'])
  if (result.kind === 'found') return `found ${result.value}`
  if (result.kind === 'temporary' || result.kind === 'permanent') {
    const pause = retryAfterMs === undefined ? '' : ` ${retryAfterMs}`
    return `${result.kind} ${result.cause} ${evidence} ${retry}${pause}`
  }
  return result.kind
}
