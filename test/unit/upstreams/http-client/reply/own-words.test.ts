import { describe, expect, test } from 'vitest'
import {
  compileResponse,
  mapResponse,
} from '../../../../../src/upstreams/http-client/reply/response-mapping.ts'
import { responseSettings } from '../../../../support/http/http-endpoint.ts'
import { JSON_TYPE, replyKind } from '../../../../support/http/reply-kind.ts'

describe("the service's own words are believed", () => {
  test.each([
    ['{"error":"not found"}'],
    ['{"error":{"message":"not found"}}'],
    ['{"success":false,"message":"not found"}'],
    ['{"ok":false,"error":"not found"}'],
    ['{"status":"not_found"}'],
    ['{"msg":"not found"}'],
    ['{"detail":"not found"}'],
    ['{"errors":["not found"]}'],
    ['{"found":false,"message":"not found"}'],
    ['{"found":false,"message":"Not Found"}'],
    ['{"error":"no route for a@b.example"}'],
    ['no route to b.example'],
    ['{"error":"host b.example not found"}'],
    ['{"error":"entity not found"}'],
    ['{"error":"client not found"}'],
    ['{"error":"no such address"}'],
    ['{"error":"Not Found","key":"a@b.example"}'],
    ['{"message":"alias a@b.example not found"}'],
    ['{"error":"not_found"}'],
    ['{"error":"not found","code":404}'],
    ['{"error":{"code":"not_found"}}'],
    ['{"code":"ALIAS_NOT_FOUND","message":"Not Found"}'],
    ['{"error":"Not Found","message":"no such mailbox"}'],
    ['{"message":"Unknown recipient"}'],
    ['{"detail":"No Alias matches the given query."}'],
    ['{"message":"No query results for model [Alias] a@b.example"}'],
    ['{"error":"not_found","reason":"missing"}'],
    ['{"_index":"aliases","_id":"a@b.example","found":false}'],
    ['{"errors":[]}'],
    ['{"id":7,"error":"Not Found"}'],
    ['no such user'],
    ['address not found'],
    ['Domain not found'],
    ['a@b.example: not found'],
    ['550 not found'],
    ['gone'],
    ['Gone'],
    ['{"error":{"code":"no_such"}}'],
    ['{"error":"gone"}'],
    ['{"error":"Tenant of a@b.example not found"}'],
    ['{"error":"Tenant not found","key":"a@b.example"}'],
    ['{"error":"not found in database"}'],
    ['ann not found on server'],
    ['database entry not found'],
    ['No entry in table'],
    ['No match in the directory'],
    ['mailbox does not exist on this host'],
    ['unknown domain'],
    ['{"error":"Resource alias not found"}'],
    ['{"error":{"code":404,"message":"alias not found","status":"NOT_FOUND"}}'],
    ['{}'],
    ['null'],
    [''],
  ])('%j', (body) => {
    expect(replyKind(body, JSON_TYPE)).toBe('notfound')
  })

  test('also behind Envoy and Caddy, which mark what they pass on', () => {
    expect(replyKind('', { server: 'envoy', 'x-envoy-upstream-service-time': '3' })).toBe('notfound')
    expect(replyKind('', { server: 'Caddy', via: '1.1 Caddy' })).toBe('notfound')
    expect(replyKind('', { server: 'nginx' })).toBe('notfound')
    expect(replyKind('', { server: 'nginx', 'content-type': 'text/plain' }, {}, 204)).toBe('notfound')
  })
})

test('a path of a mailbox is a value, whatever its words', () => {
  expect(replyKind('no.such/', {}, {}, 200)).toBe('found')
  expect(replyKind('no such route', {}, {}, 200)).toBe('temporary')
})

test('a text of the transport error is a value where it is selected for transports', () => {
  const say = (parameter: string, value: string | undefined, body: string) =>
    mapResponse(
      { status: 200, headers: { 'content-length': String(body.length) }, body: Buffer.from(body) },
      compileResponse(responseSettings({ value }), false, [parameter]),
      { key: 'a@b.example', conditional: false, nowMs: 0 },
    ).result.kind
  expect(say('transport_maps', '$.t', '{"t":"error: mailbox is disabled"}')).toBe('found')
  expect(say('transport_maps', '$.t', '{"t":"retry: later"}')).toBe('found')
  expect(say('virtual_alias_maps', '$.t', '{"t":"error: mailbox is disabled"}')).toBe('temporary')
  expect(say('transport_maps', undefined, 'error: no database')).toBe('temporary')
  expect(say('transport_maps', '$.t', '{"t":"error"}')).toBe('temporary')
})

test('a number is a value where values are, and a refusal by a code of mail is one, too', () => {
  expect(replyKind('404', {}, {}, 200)).toBe('found')
  expect(replyKind('550 not found', {}, {}, 200)).toBe('found')
  expect(replyKind('404 page not found', {}, {}, 200)).toBe('temporary')
})

test('in a value, words about a place are those of the value', () => {
  expect(replyKind('550 5.1.2 unknown host', {}, {}, 200)).toBe('found')
  expect(replyKind('REJECT this service has been retired', {}, {}, 200)).toBe('found')
})
