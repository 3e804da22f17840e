/**
 * A key never adds a path segment, a parameter, a field or a header: hostile keys in every
 * place of a request, against a server that records what came over the wire.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RequestSettings } from '../../../src/upstreams/http-client/settings.ts'
import {
  openPools,
  requestSettings,
  tableSettings,
  upstreamSettings,
} from '../../support/http/http-endpoint.ts'
import { type RecordedRequest, startHttpService } from '../../support/http/http-service.ts'

const t = { onTestFinished }

/** Line ends never get here, since no key with control characters is asked for; they are here as defence in depth. */
const KEYS = [
  'a/b',
  'a/b@c.example',
  'a\\b@c.example',
  'a\r\n\r\nGET /evil HTTP/1.1@c.example',
  'a?b=c',
  'a#b',
  'a%b',
  'a&b=c',
  'a=b',
  'a+b c',
  '"a"@b.example',
  'a\\b',
  "a'b",
  'a;b,c',
  '<a>',
  '{key}',
  '{{key}}',
  'a\u2028b',
  '%2e%2e',
  '%2F..%2F',
  '../../admin',
  '..;/admin',
  '...',
  'a:b@c',
  ' a ',
  'jürgen@bücher.example',
  '𝒳@b.example',
  'a\r\nx-evil: 1',
  'a\r\n\r\nGET /evil HTTP/1.1',
  'a\nb',
  'a\u0085b',
  '","admin":true,"x":"',
  '__proto__',
  '!*()~$|^`[]',
]

/** A proxy may resolve these to another path (test/unit/upstreams/http/path-pieces.test.ts): not asked there at all. */
const NOT_FOR_A_PATH = new Set([
  '%2e%2e',
  '%2F..%2F',
  '../../admin',
  '..;/admin',
  // Without a local part: a route below another key.
  'a/b',
  'a\\b',
  'a\r\n\r\nGET /evil HTTP/1.1',
])

async function record(request: Partial<RequestSettings>, key: string): Promise<RecordedRequest | undefined> {
  const service = await startHttpService(t)
  service.otherwise = { text: 'x' }
  const pools = openPools(t, upstreamSettings([{ origin: service.origin, pathPrefix: '/v1' }]))
  const endpoint = pools.endpoint(tableSettings({ request: requestSettings(request) }), 0)
  const reply = await endpoint.send(key, { timeoutMs: 5000 })
  expect(service.requests.length).toBe(reply.suppressed === undefined ? 1 : 0)
  return service.requests[0]
}

describe.each(KEYS)('the key %j', (key) => {
  test('stays one path segment', async () => {
    const request = await record({ path: '/aliases/{key}/goto' }, key)
    if (NOT_FOR_A_PATH.has(key)) {
      expect(request).toBeUndefined()
      return
    }
    const segments = (request?.url ?? '').split('/')
    expect([segments.length, segments[1], segments[2], segments[4]]).toStrictEqual([
      5,
      'v1',
      'aliases',
      'goto',
    ])
    expect(segments[3] ?? '').toMatch(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+$/)
    expect(decodeURIComponent(segments[3] ?? '')).toBe(key)
  })

  test('stays one parameter', async () => {
    const request = await record(
      {
        path: '/find?fixed=1',
        query: new Map([
          ['address', '<{key}>'],
          ['last', '1'],
        ]),
      },
      key,
    )
    const url = new URL(request?.url ?? '', 'http://a.example')
    expect(url.pathname).toBe('/v1/find')
    expect(Array.from(url.searchParams)).toStrictEqual([
      ['fixed', '1'],
      ['address', `<${key}>`],
      ['last', '1'],
    ])
  })

  test('stays one parameter behind a question mark in the path', async () => {
    const request = await record({ path: '/find?address={key}&last=1' }, key)
    const url = new URL(request?.url ?? '', 'http://a.example')
    expect(Array.from(url.searchParams)).toStrictEqual([
      ['address', key],
      ['last', '1'],
    ])
  })

  test('stays one string of the JSON body', async () => {
    const json = { address: '{key}', deep: [{ more: 'x {key}', '{key}': 1 }], flag: true, none: null }
    const request = await record({ method: 'POST', path: '/find', json }, key)
    expect(request?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(request?.body ?? '')).toStrictEqual({
      address: key,
      deep: [{ more: `x ${key}`, '{key}': 1 }],
      flag: true,
      none: null,
    })
  })

  test('stays one form field', async () => {
    const form = new Map([
      ['address', '{key}'],
      ['last', '1'],
    ])
    const request = await record({ method: 'POST', path: '/find', form }, key)
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(Array.from(new URLSearchParams(request?.body))).toStrictEqual([
      ['address', key],
      ['last', '1'],
    ])
  })

  test('stays one header, and can be read back', async () => {
    const request = await record({ path: '/find', headers: new Map([['X-Key', '{key}']]) }, key)
    const names = (request?.rawHeaders ?? []).filter((_, at) => at % 2 === 0)
    expect(names).toStrictEqual(['host', 'connection', 'accept', 'user-agent', 'x-key', 'accept-encoding'])
    const value = String(request?.headers['x-key'])
    expect(value).toMatch(/^[\x20-\x7e]+$/)
    expect(decodeURIComponent(value)).toBe(key)
  })
})

describe.each(['', '.', '..'])('the key %j', (key) => {
  test('as a whole path segment is not found without asking', async () => {
    expect(await record({ path: '/aliases/{key}' }, key)).toBeUndefined()
    expect(await record({ path: '/aliases/{key}/goto' }, key)).toBeUndefined()
  })
})

test('dots that the template makes out of a key are not found without asking', async () => {
  expect(await record({ path: '/aliases/.{key}' }, '.')).toBeUndefined()
  expect((await record({ path: '/aliases/x{key}' }, '.'))?.url).toBe('/v1/aliases/x.')
})

test('an empty key is not found without asking, wherever it would stand', async () => {
  expect(await record({ path: '/find', query: new Map([['q', '{key}']]) }, '')).toBeUndefined()
  expect(await record({ path: '/find', headers: new Map([['x-q', '{key}']]) }, '')).toBeUndefined()
  expect(await record({ path: '/find', json: ['{key}'] }, '')).toBeUndefined()
  expect(await record({ path: '/find', form: new Map([['q', '{key}']]) }, '')).toBeUndefined()
})

test('a part that the key lacks is not found without asking', async () => {
  expect(await record({ path: '/domains/{domain}/users/{user}' }, 'postmaster')).toBeUndefined()
  expect(await record({ path: '/users/{user}' }, '@a.example')).toBeUndefined()
  expect(await record({ path: '/tld/{domain3}' }, 'x@a.example')).toBeUndefined()
})

test('the parts of a key go where the template names them', async () => {
  const request = await record(
    { path: '/{table}/{domain1}/{domain2}/{domain}/{user}/{{x}}' },
    'a@b@mail.example',
  )
  expect(request?.url).toBe('/v1/aliases/example/mail/mail.example/a%40b/%7Bx%7D')
})

test('fixed header fields are sent as UTF-8, those of the table win, and the coding is ours', async () => {
  const service = await startHttpService(t)
  service.otherwise = { text: 'x' }
  const headers = new Map([
    ['Authorization', 'Bearer s3cret'],
    ['X-Site', 'Zürich'],
    ['User-Agent', 'site/1'],
    ['Accept-Encoding', 'gzip'],
  ])
  const pools = openPools(t, upstreamSettings([{ origin: service.origin }], { headers }))
  const table = tableSettings({ request: requestSettings({ headers: new Map([['user-agent', 'table/1']]) }) })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const validators = { etag: '"v1"', lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' }
  await pools.endpoint(table, 0).send('a', { timeoutMs: 5000, traceparent, validators })
  const got = service.requests[0]?.headers ?? {}
  expect(got.authorization).toBe('Bearer s3cret')
  expect(Buffer.from(String(got['x-site']), 'latin1').toString()).toBe('Zürich')
  expect(got['user-agent']).toBe('table/1')
  expect(got['accept-encoding']).toBe('identity')
  expect(got.traceparent).toBe(traceparent)
  expect(got['if-none-match']).toBe('"v1"')
  expect(got['if-modified-since']).toBe('Thu, 01 Jan 2026 00:00:00 GMT')
})

test('304 in answer to validators says that the stored answer is current, with its new freshness', async () => {
  const service = await startHttpService(t)
  service.otherwise = { status: 304, headers: { etag: '"v2"', 'cache-control': 'max-age=60', age: '3' } }
  const endpoint = openPools(t, upstreamSettings([{ origin: service.origin }])).endpoint(tableSettings(), 0)
  const reply = await endpoint.send('a', { timeoutMs: 5000, validators: { etag: '"v1"' } })
  expect(reply.result).toStrictEqual({ kind: 'notmodified' })
  expect(reply.validators).toStrictEqual({ etag: '"v2"' })
  expect([reply.caching?.cacheControl, reply.caching?.age]).toStrictEqual(['max-age=60', '3'])
  expect(reply.evidence).toBe('good')
})
