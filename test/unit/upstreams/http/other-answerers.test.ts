import { describe, expect, test } from 'vitest'
import { compileResponse, mapResponse } from '../../../../src/upstreams/http/response-mapping.ts'
import type { ResponseSettings } from '../../../../src/upstreams/http/settings.ts'
import { responseSettings } from '../../../support/http/http-endpoint.ts'

type Fields = Readonly<Record<string, string>>
const JSON_TYPE: Fields = { 'content-type': 'application/json' }

function answer(body: string, headers: Fields = {}, settings: Partial<ResponseSettings> = {}, status = 404) {
  const response = {
    status,
    headers: { 'content-length': String(body.length), ...headers },
    body: Buffer.from(body),
  }
  const asked = { key: 'a@b.example', conditional: false, nowMs: 0 }
  return mapResponse(response, compileResponse(responseSettings(settings)), asked).result.kind
}

/** Collected from the programs' own sources and documentation. */
const OTHERS: [who: string, body: string, headers?: Fields][] = [
  ['Traefik, Go', '404 page not found\n'],
  ['ingress-nginx', 'default backend - 404'],
  ['Google Cloud', 'response 404 (backend NotFound), service rules for the path non-existent'],
  ['Kong', '{"message":"no Route matched with those values"}', JSON_TYPE],
  ['Kong 3', '{\n  "message":"no Route matched with those values",\n  "request_id":"c3"\n}', JSON_TYPE],
  ['APISIX', '{"error_msg":"404 Route Not Found"}'],
  ['FastAPI', '{"detail":"Not Found"}', JSON_TYPE],
  ['Starlette', 'Not Found'],
  ['Express', '<!DOCTYPE html>\n<html lang="en"><pre>Cannot GET /x</pre>'],
  ['Fiber', 'Cannot GET /x'],
  ['NestJS', '{"message":"Cannot GET /x","error":"Not Found","statusCode":404}', JSON_TYPE],
  ['Fastify', '{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}', JSON_TYPE],
  [
    'Spring Boot',
    '{"timestamp":"2026-01-01T00:00:00","status":404,"error":"Not Found","path":"/x"}',
    JSON_TYPE,
  ],
  [
    'Spring 6',
    '{"type":"about:blank","title":"Not Found","status":404,"detail":"No static resource x.","instance":"/x"}',
    { 'content-type': 'application/problem+json' },
  ],
  ['AWS API Gateway', '{"message":"Not Found"}', JSON_TYPE],
  ['AWS ALB', 'whatever was configured', { server: 'awselb/2.0' }],
  ['S3', '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', { 'content-type': 'application/xml' }],
  ['grpc-gateway', '{"code":5,"message":"Not Found","details":[]}', JSON_TYPE],
  ['Micronaut', '{"_links":{},"_embedded":{"errors":[{"message":"Page Not Found"}]},"message":"Not Found"}'],
  [
    'Rocket',
    '{"error":{"code":404,"reason":"Not Found","description":"The requested resource could not be found."}}',
  ],
  ['Envoy', '', { server: 'envoy' }],
  ['Istio', '', { server: 'istio-envoy' }],
  ['Caddy', '', { server: 'Caddy' }],
  ['Cloudflare', 'error code: 1001', { server: 'cloudflare' }],
  ['PHP-FPM', 'File not found.\n'],
  ['nginx', '<html>\r\n<head><title>404 Not Found</title></head>', { 'content-type': 'text/html' }],
  ['HAProxy', '<html><body><h1>404 Not Found</h1>\nThe resource could not be found.\n</body></html>\n'],
  ['Vercel', 'The page could not be found\n\nNOT_FOUND\n\ncdg1::x'],
]

describe('a 404 of something before the service says nothing about the key', () => {
  test.each(OTHERS)('%s', (_who, body, headers) => {
    expect(answer(body, headers)).toBe('temporary')
    expect(answer(body, headers, { notFoundBody: 'any' })).toBe('notfound')
  })
})

describe("the service's own words are believed", () => {
  test.each([
    ['{"error":"not found"}'],
    ['{"error":"no such address"}'],
    ['{"detail":"Not found."}'],
    ['{"error":"Not Found","key":"a@b.example"}'],
    ['{"message":"alias a@b.example not found"}'],
    ['no such user'],
    ['gone'],
    [''],
  ])('%j', (body) => {
    expect(answer(body, JSON_TYPE)).toBe('notfound')
  })

  test('also behind Envoy and Caddy, which mark what they pass on', () => {
    expect(answer('', { server: 'envoy', 'x-envoy-upstream-service-time': '3' })).toBe('notfound')
    expect(answer('', { server: 'Caddy', via: '1.1 Caddy' })).toBe('notfound')
  })
})

test('an empty 200 of Caddy without a route is no "not found"', () => {
  expect(answer('', { server: 'Caddy' }, {}, 200)).toBe('temporary')
  expect(answer('', {}, {}, 200)).toBe('notfound')
})

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
    ['no JSON', mark({ jsonPath: '$.code' }), 'gone', {}, 'temporary'],
    ['one of two', mark({ header: 'x-directory', jsonPath: '$.code' }), '{"code":1}', {}, 'temporary'],
  ])('%s', (_what, settings, body, headers, expected) => {
    expect(answer(body, headers, settings)).toBe(expected)
  })

  test('also where a value is empty, and nowhere else', () => {
    const settings = mark({ header: 'x-directory' })
    expect(answer('null', JSON_TYPE, settings, 200)).toBe('temporary')
    expect(answer('null', { ...JSON_TYPE, 'x-directory': '1' }, settings, 200)).toBe('notfound')
    expect(answer('"a"', JSON_TYPE, settings, 200)).toBe('found')
  })
})
