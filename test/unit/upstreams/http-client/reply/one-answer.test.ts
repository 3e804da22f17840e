/**
 * What a service's reply means to a question with attributes: exactly one answer, or nobody knows.
 */
import { describe, expect, test } from 'vitest'
import {
  compileResponse,
  mapResponse,
} from '../../../../../src/upstreams/http-client/reply/response-mapping.ts'
import type { ResponseSettings } from '../../../../../src/upstreams/http-client/settings.ts'
import { responseSettings } from '../../../../support/http/http-endpoint.ts'

const JSON_TYPE = 'application/json'

function meaning(
  [status, body, type = 'text/plain']: Answer,
  settings: Partial<ResponseSettings> = {},
): string {
  const response = {
    status,
    headers: { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) },
    body: Buffer.from(body),
  }
  const mapping = compileResponse(responseSettings({ notFound: undefined, ...settings }), true)
  const { result } = mapResponse(response, mapping, { key: '', conditional: false, nowMs: 0 })
  return result.kind === 'found' ? `found ${result.value}` : result.kind
}

type Answer = readonly [status: number, body: string, type?: string]

describe('a body that is the answer', () => {
  const cases: [answer: Answer, expected: string][] = [
    [[200, 'REJECT go away'], 'found REJECT go away'],
    [[200, 'DUNNO\n'], 'found DUNNO'],
    [[200, '"REJECT go away"', JSON_TYPE], 'found REJECT go away'],
    [[204, ''], 'notfound'],
    [[200, ''], 'temporary'],
    [[200, '\n'], 'temporary'],
    [[200, 'null', JSON_TYPE], 'temporary'],
    [[200, '[]', JSON_TYPE], 'temporary'],
    [[200, '""', JSON_TYPE], 'temporary'],
    [[200, '["DUNNO","REJECT"]', JSON_TYPE], 'temporary'],
    [[200, '["OK"]', JSON_TYPE], 'temporary'],
    [[200, '["OK"]'], 'temporary'],
    [[200, '7', JSON_TYPE], 'temporary'],
    [[200, '{"action":"DUNNO"}', JSON_TYPE], 'temporary'],
    [[200, '<html><body>OK</body></html>', 'text/html'], 'temporary'],
    [[200, 'OK\nOK'], 'temporary'],
    [[404, ''], 'permanent'],
    [[410, ''], 'permanent'],
    [[401, ''], 'permanent'],
    [[500, 'OK'], 'temporary'],
    [[301, ''], 'permanent'],
  ]
  for (const [answer, expected] of cases) {
    test(`${JSON.stringify(answer)} is ${expected}`, () => expect(meaning(answer)).toBe(expected))
  }
})

describe('a body that begins like an action', () => {
  test.each([
    ['502 Bad Gateway'],
    ['503 Service Temporarily Unavailable'],
    ['500 Internal Server Error'],
    ['404 page not found'],
    ['429 Too Many Requests'],
    ['451 Unavailable For Legal Reasons'],
    ['421 Misdirected Request'],
    ['521 Web Server Is Down'],
    ['OK, it works'],
    ['OK I am alive'],
    ['ok fine'],
    ['DUNNO yet'],
    ['Permit needed'],
    ['Discard this page'],
    ['discard this page'],
    ['Hold on, maintenance'],
    ['hold on, maintenance'],
    ['Reject cookies'],
    ['Info center'],
  ])("%s is nobody's answer, but where the service names a place or has a mark", (body) => {
    expect(meaning([200, body])).toBe('temporary')
    expect(meaning([200, JSON.stringify(body), JSON_TYPE])).toBe('temporary')
    expect(meaning([200, JSON.stringify({ action: body }), JSON_TYPE], { action: '$.action' })).toBe(
      `found ${body}`,
    )
    const contentType = 'application/json'
    const foundMark = { contentType, header: undefined, jsonPath: undefined }
    expect(meaning([200, JSON.stringify(body), JSON_TYPE], { foundMark })).toBe(`found ${body}`)
  })

  test.each([
    ['REJECT not here'],
    ['reject not here'],
    ['DEFER_IF_PERMIT 4.3.0 later'],
    ['450 4.7.1 Greylisted'],
    ['450 Greylisted'],
    ['451 later'],
    ['550 not here'],
    ['554 5.7.1 no'],
    ['503 5.5.1 no'],
    ['421 4.3.0 bye'],
    ['OK'],
    ['Reject'],
    ['HOLD for a look'],
    ['DISCARD'],
    ['discard'],
    ['permit_mynetworks, reject'],
    ['PREPEND X-Policy: passed'],
  ])('%s is one', (body) => expect(meaning([200, body])).toBe(`found ${body}`))
})

describe('an action and its text', () => {
  const ACTION = { action: '$.action', text: '$.text' }
  const cases: [body: string, expected: string][] = [
    ['{"action":"reject","text":"go away"}', 'found reject go away'],
    ['{"action":"dunno"}', 'found dunno'],
    ['{"action":"dunno","text":null}', 'found dunno'],
    ['{"action":"dunno","text":""}', 'found dunno'],
    ['{"action":"dunno","text":7}', 'temporary'],
    ['{"action":"reject","text":"two\\nlines"}', 'temporary'],
    ['{"action":""}', 'temporary'],
    ['{"action":null}', 'temporary'],
    ['{"action":["dunno","reject"]}', 'temporary'],
    ['{"action":["OK"]}', 'temporary'],
    ['{"action":["OK"],"text":"x"}', 'temporary'],
    ['{"action":7}', 'temporary'],
    ['{}', 'temporary'],
    ['null', 'temporary'],
    ['{"action":', 'temporary'],
  ]
  for (const [body, expected] of cases) {
    test(`${body} is ${expected}`, () => expect(meaning([200, body, JSON_TYPE], ACTION)).toBe(expected))
  }

  test('an error field says that the service does not know', () => {
    const settings = { ...ACTION, error: '$.error' }
    expect(meaning([200, '{"action":"dunno","error":"no database"}', JSON_TYPE], settings)).toBe('temporary')
    expect(meaning([200, '{"action":"dunno","error":null}', JSON_TYPE], settings)).toBe('found dunno')
  })
})

test('a 404 means "no answer" only by the word of the table, and not one of a proxy', () => {
  const settings = { notFound: [204, 404] }
  expect(meaning([404, '{"error":"no rule"}', JSON_TYPE], settings)).toBe('notfound')
  expect(meaning([404, '<html>404</html>', 'text/html'], settings)).toBe('temporary')
  expect(meaning([404, '404 page not found'], settings)).toBe('temporary')
})
