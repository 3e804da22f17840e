/**
 * What a service's reply means to somebody who logs in: one name lets in, a marked refusal refuses, and nothing else does
 * either.
 */
import { describe, expect, test } from 'vitest'
import type { Reply } from '../../../../../src/core/upstream.ts'
import {
  compileResponse,
  mapResponse,
} from '../../../../../src/upstreams/http-client/reply/response-mapping.ts'
import type { ResponseSettings } from '../../../../../src/upstreams/http-client/settings.ts'
import { responseSettings } from '../../../../support/http/http-endpoint.ts'

const JSON_TYPE = 'application/json'

type Answer = readonly [status: number, body: string, type?: string]

function replyTo([status, body, type = JSON_TYPE]: Answer, settings: Partial<ResponseSettings>): Reply {
  const headers = { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) }
  const mapping = compileResponse(responseSettings({ notFound: undefined, ...settings }), true)
  const asked = { key: '', conditional: false, nowMs: 0 }
  return mapResponse({ status, headers, body: Buffer.from(body) }, mapping, asked)
}

function meaning(answer: Answer, settings: Partial<ResponseSettings>): string {
  const { result } = replyTo(answer, settings)
  return result.kind === 'found' ? `found ${result.value}` : result.kind
}

const mark = (jsonPath: string) => ({ contentType: undefined, header: undefined, jsonPath })

const STRICT = {
  user: '$.user',
  foundMark: mark("$[?$.result=='ok']"),
  refused: [200, 401],
  refusedMark: mark("$[?$.result=='wrong_password']"),
}

describe('with a mark of each', () => {
  const cases: [answer: Answer, expected: string][] = [
    [[200, '{"result":"ok","user":"bob"}'], 'found bob'],
    [[200, '{"result":"ok","user":["bob"]}'], 'temporary'],
    [[200, '{"result":"ok","user":0}'], 'temporary'],
    [[200, '{"result":"ok","user":"b","other":"ok"}'], 'found b'],
    [[200, '{"result":"denied","user":"bob"}'], 'temporary'],
    [[200, '{"user":"bob"}'], 'temporary'],
    [[200, '{"result":"ok"}'], 'temporary'],
    [[200, '{"result":"ok","user":""}'], 'temporary'],
    [[200, '{"result":"ok","user":" "}'], 'temporary'],
    [[200, '{"result":"ok","user":null}'], 'temporary'],
    [[200, '{"result":"ok","user":[]}'], 'temporary'],
    [[200, '{"result":"ok","user":{}}'], 'temporary'],
    [[200, '{"result":"ok","user":true}'], 'temporary'],
    [[200, '{"result":"ok","user":["bob","eve"]}'], 'temporary'],
    [[200, '{"result":"ok","user":"bob\\teve"}'], 'temporary'],
    [[200, '{"result":"ok","user":"bob\\nOK"}'], 'temporary'],
    [[200, '{"result":"ok","user":'], 'temporary'],
    [[200, ''], 'temporary'],
    [[200, 'bob', 'text/plain'], 'temporary'],
    [[200, '<html>bob</html>', 'text/html'], 'temporary'],
    [[200, '{"result":"wrong_password","user":"bob"}'], 'notfound'],
    [[401, '{"result":"wrong_password"}'], 'notfound'],
    [[401, '{"result":"ok","user":"bob"}'], 'temporary'],
    [[401, '{"error":"bad API key"}'], 'temporary'],
    [[401, ''], 'temporary'],
    [[403, '{"result":"wrong_password"}'], 'permanent'],
    [[204, ''], 'temporary'],
    [[404, '{"result":"wrong_password"}'], 'permanent'],
    [[410, ''], 'permanent'],
    [[302, ''], 'permanent'],
    [[429, '{"result":"wrong_password"}'], 'temporary'],
    [[500, '{"result":"ok","user":"bob"}'], 'temporary'],
    [[201, '{"result":"ok","user":"bob"}'], 'temporary'],
  ]
  for (const [answer, expected] of cases) {
    test(`${answer.join(' ')} is ${expected}`, () => expect(meaning(answer, STRICT)).toBe(expected))
  }
})

describe('with a refused status alone', () => {
  const cases: [answer: Answer, expected: string][] = [
    [[403, ''], 'notfound'],
    [[403, '{"error":"no such user"}'], 'notfound'],
    [[403, '<html>no</html>', 'text/html'], 'temporary'],
    [[401, ''], 'permanent'],
    [[200, '{"user":"bob"}'], 'found bob'],
  ]
  for (const [answer, expected] of cases) {
    test(`${answer.join(' ')} is ${expected}`, () =>
      expect(meaning(answer, { user: '$.user', refused: [403] })).toBe(expected))
  }
})

describe('a refusal that is not clearly the word of the service', () => {
  const OF_CREDENTIALS = { evidence: 'none', retry: 'other-endpoint' }
  const OF_THE_KEY = { evidence: 'key', retry: 'any' }
  const cases: [answer: Answer, settings: Partial<ResponseSettings>, expected: object][] = [
    [[401, '{"error":"bad API key"}'], STRICT, OF_CREDENTIALS],
    [[403, ''], { ...STRICT, refused: [403] }, OF_CREDENTIALS],
    [[401, '<html>no</html>', 'text/html'], { user: '$.user', refused: [401] }, OF_CREDENTIALS],
    [[404, ''], { ...STRICT, refused: [404] }, OF_THE_KEY],
    [[404, '<html>no</html>', 'text/html'], { user: '$.user', refused: [404] }, OF_THE_KEY],
  ]
  for (const [answer, settings, expected] of cases) {
    test(`${answer.join(' ')} is temporary, and 401 and 403 are about our credentials`, () =>
      expect(replyTo(answer, settings)).toMatchObject({ result: { kind: 'temporary' }, ...expected }))
  }
})

test('a 204 refuses nobody, whatever it means elsewhere', () => {
  expect(meaning([204, ''], { user: '$.user' })).toBe('temporary')
})
