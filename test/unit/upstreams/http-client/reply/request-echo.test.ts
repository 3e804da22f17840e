import { describe, expect, test } from 'vitest'
import {
  compileResponse,
  mapResponse,
} from '../../../../../src/upstreams/http-client/reply/response-mapping.ts'
import { responseSettings } from '../../../../support/http/http-endpoint.ts'
import { replyKind } from '../../../../support/http/reply-kind.ts'

test('what was asked for is found in the words, not in the path', () => {
  const say = (body: string, key: string) => replyKind(body, {}, {}, 404, { key })
  expect(say('{"error":"Tenant B.example not found"}', 'b.example')).toBe('notfound')
  expect(say('{"error":"Tenant c.example not found"}', 'b.example')).toBe('temporary')
  expect(say('{"error":"Endpoint /aliases/b.example is gone"}', 'b.example')).toBe('temporary')
})

describe('a body that repeats the path that was asked is of a router', () => {
  const say = (body: string, path: string, key: string) => replyKind(body, {}, {}, 404, { key, path })

  test.each([
    [
      '{"url":"/v1/aliases/a%40b.example","status":"404","message":"Not Found","servlet":"org.eclipse.jetty.ee10.servlet.DefaultServlet-1"}',
    ],
    ['{"error":"not found","path":"/v1/aliases/a%40b.example"}'],
    ['{"error":"not found","path":"/v1/aliases/a@b.example"}'],
    ['{"error":"not found","path":"/aliases/a@b.example"}'],
    ['{"error":"not found","method":"GET","url":"/v1/aliases/a%40b.example?x=1"}'],
    ["Can't find /v1/aliases/a@b.example on this server!"],
    ['{"status":"fail","message":"Can\'t find /v1/aliases/a%40b.example on this server!"}'],
    ['{"error":"/v1/aliases/a%40b.example"}'],
    ['{"message":"\u{1f50d} - Not Found - /v1/aliases/a%40b.example"}'],
    ['{"error":"http://x.example:8080/v1/aliases/a%40b.example?x=1"}'],
    ['nothing known at v1/aliases/a@b.example.'],
    ['GET /v1/aliases/a%40b.example'],
    ['{"error":"not found","request":"GET /inner/a%40b.example"}'],
  ])('%j', (body) => {
    expect(say(body, '/v1/aliases/a%40b.example?x=1', 'a@b.example')).toBe('temporary')
  })

  test('also where the path is nothing but the key', () => {
    expect(say('/info@example.com not found', '/info%40example.com', 'info@example.com')).toBe('temporary')
    expect(say('"/info@example.com" is nothing', '/info%40example.com', 'info@example.com')).toBe('temporary')
    expect(say('info@example.com not found', '/info%40example.com', 'info@example.com')).toBe('notfound')
    expect(say('{"error":"/c-d.example"}', '/c-d.example', 'c-d.example')).toBe('temporary')
  })

  test.each([
    ['{"error":"not found","key":"a@b.example"}'],
    ['a@b.example'],
    ['a%40b.example'],
    ['{"error":"Not Found","message":"no such alias","path":"/v1/aliases/a@b.example"}'],
    ['{"title":"Not Found","detail":"a@b.example is not known","instance":"/v1/aliases/a%40b.example"}'],
    ['{"error":"not found","path":"/home/vmail"}'],
    ['{"error":"nothing in /v1/aliases/a@b.example.org"}'],
  ])('%j is not', (body) => {
    expect(say(body, '/v1/aliases/a%40b.example?x=1', 'a@b.example')).toBe('notfound')
  })

  test('a long body costs no more than it is long', () => {
    const started = performance.now()
    for (const text of ['a', '://a', '%41', '/v', 'GET /', 'a.', '/a@b.example'])
      say(text.repeat(Math.floor(65_000 / text.length)), '/v1/a%40b.example', 'a@b.example')
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

test('about a place, the reason says how a "not found" is marked', () => {
  const asked = { key: 'a@b.example', conditional: false, nowMs: 0 }
  const reply = { status: 404, headers: {}, body: Buffer.from('{"error":"Tenant not found"}') }
  expect(mapResponse(reply, compileResponse(responseSettings()), asked).result).toMatchObject({
    reason:
      'the service answered 404 about a route, an API, a tenant or the like, not about a key; see response.notFoundMark',
  })
})
