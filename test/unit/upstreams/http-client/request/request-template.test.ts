import { describe, expect, test } from 'vitest'
import { Attributes } from '../../../../../src/core/attributes.ts'
import { RequestTemplate } from '../../../../../src/upstreams/http-client/request/request-template.ts'
import type { RequestSettings } from '../../../../../src/upstreams/http-client/settings.ts'
import { requestSettings } from '../../../../support/http/http-endpoint.ts'

/** Hostile keys in every place are in test/integration/upstreams/injection.test.ts. */
const build = (settings: Partial<RequestSettings>, key = 'a@b.example', prefix = '/v1') =>
  new RequestTemplate(requestSettings(settings)).build(key, 'aliases', prefix)

describe('the path of a request', () => {
  const cases: [sentence: string, path: string, expected: string][] = [
    ['follows the path of the endpoint', '/aliases/{key}', '/v1/aliases/a%40b.example'],
    ['may come without its first slash', 'aliases', '/v1/aliases'],
    ['may be the root', '/', '/v1/'],
    ['keeps dots that are not from a key', '/../x/./y', '/v1/../x/./y'],
    ['keeps what is encoded already', '/a%2Fb', '/v1/a%2Fb'],
    ['has its literals made fit for a URL', '/a b/ü#', '/v1/a%20b/%C3%BC%23'],
    ['keeps a second question mark in the query', '/a?b=?{user}', '/v1/a?b=?a'],
  ]
  for (const [sentence, path, expected] of cases) {
    test(sentence, () => {
      const request = build({ path })
      expect('path' in request ? request.path : request.suppressed).toBe(expected)
    })
  }

  test('without a path of the endpoint begins with a slash', () => {
    const request = build({ path: '/{user}' }, 'a@b.example', '')
    expect('path' in request && request.path).toBe('/a')
  })

  test('tells which place the key had no part for', () => {
    const where = (settings: Partial<RequestSettings>): string => {
      const request = build({ path: '/x', ...settings }, 'postmaster')
      return 'suppressed' in request ? request.suppressed : ''
    }
    expect(where({ path: '/{domain}' })).toMatch(/request\.path/)
    expect(where({ query: new Map([['d', '{domain}']]) })).toMatch(/request\.query/)
    expect(where({ headers: new Map([['d', '{domain}']]) })).toMatch(/request\.headers/)
    expect(where({ json: { d: '{domain}' } })).toMatch(/body/)
    expect(where({ form: new Map([['d', '{domain}']]) })).toMatch(/body/)
  })
})

test('a request has a body only where there is a template for one', () => {
  const withBody = (settings: Partial<RequestSettings>) => {
    const request = build({ method: 'POST', path: '/x', ...settings })
    return 'body' in request ? [request.method, request.body, request.headers] : undefined
  }
  expect(withBody({})).toStrictEqual(['POST', undefined, {}])
  expect(withBody({ json: [1, null, '{user}', {}] })).toStrictEqual([
    'POST',
    '[1,null,"a",{}]',
    { 'content-type': 'application/json' },
  ])
  expect(withBody({ form: new Map([['a b', 'c d {user}']]) })).toStrictEqual([
    'POST',
    'a%20b=c%20d%20a',
    { 'content-type': 'application/x-www-form-urlencoded' },
  ])
})

test('a table may name another content type for its JSON', () => {
  const request = build({ json: {}, headers: new Map([['Content-Type', 'application/scim+json']]) })
  expect('headers' in request && request.headers).toStrictEqual({ 'content-type': 'application/scim+json' })
})

test('a text that is no template is refused at once', () => {
  expect(() => build({ path: '/{kye}' })).toThrow(/unknown placeholder \{kye\}/)
  expect(() => build({ path: '/{keys}' })).toThrow(/unknown placeholder \{keys\}/)
})

describe('attributes', () => {
  const said = new Attributes(
    [
      ['sender', 'a/b?c&d="e"@x.example'],
      ['helo_name', 'ü'],
      ['empty', ''],
    ],
    [['password', 'geheim&"1"']],
  )
  const ask = (settings: Partial<RequestSettings>) => {
    const template = new RequestTemplate(requestSettings({ method: 'POST', path: '/policy', ...settings }))
    return template.build('label', 'greylist', '', said)
  }

  test('are escaped for where they stand', () => {
    expect(ask({ path: '/p/{attribute.sender}' })).toMatchObject({
      path: '/p/a%2Fb%3Fc%26d%3D%22e%22%40x.example',
    })
    expect(ask({ query: new Map([['s', '{attribute.sender}']]) })).toMatchObject({
      path: '/policy?s=a%2Fb%3Fc%26d%3D%22e%22%40x.example',
    })
    expect(ask({ headers: new Map([['x-helo', '{attribute.helo_name}']]) })).toMatchObject({
      headers: { 'x-helo': '%C3%BC' },
    })
    expect(ask({ form: new Map([['p', '{attribute.password}']]) })).toMatchObject({
      body: 'p=geheim%26%221%22',
    })
    expect(ask({ json: { p: '{attribute.password}', t: '{table}' } })).toMatchObject({
      body: '{"p":"geheim&\\"1\\"","t":"greylist"}',
    })
  })

  test('all of them are a map without the secret ones', () => {
    expect(ask({ json: '{attributes}' })).toMatchObject({
      body: '{"sender":"a/b?c&d=\\"e\\"@x.example","helo_name":"ü","empty":""}',
    })
    expect(ask({ json: { data: ['{attributes}'] } })).toMatchObject({
      body: expect.stringMatching(/^\{"data":\[\{/),
    })
  })

  test('what the client did not say is an empty text', () => {
    expect(ask({ json: ['{attribute.empty}', '{attribute.other}'] })).toMatchObject({ body: '["",""]' })
  })

  test.each([
    ['mx.example/members'],
    ['mx.example\\members'],
    ['mx.example%2Fmembers'],
    ['/CN=ann'],
    ['ann@b.example/members'],
  ])('%j is no part of a path: a proxy that decodes would read one below', (name) => {
    const build = (settings: Partial<RequestSettings>) =>
      new RequestTemplate(requestSettings(settings)).build(
        'label',
        't',
        '',
        new Attributes([
          ['helo_name', name],
          ['sender', 'a/b@x.example'],
        ]),
      )
    const refused = { suppressed: expect.stringContaining('an attribute in the path has a "/"') }
    expect(build({ path: '/p/{attribute.helo_name}' })).toMatchObject(refused)
    expect(build({ path: '/p/{attribute.helo_name}-{attribute.sender}' })).toMatchObject(refused)
    expect(build({ path: '/p', query: new Map([['h', '{attribute.helo_name}']]) })).toMatchObject({
      path: expect.stringContaining('/p?h='),
    })
    expect(build({ path: '/p/{attribute.sender}' })).toMatchObject({ path: '/p/a%2Fb%40x.example' })
  })

  test('an empty one is no part of a path, and dots are none either', () => {
    expect(ask({ path: '/p/{attribute.empty}' })).toMatchObject({
      suppressed: expect.stringContaining('is empty'),
    })
    expect(ask({ path: '/p/x{attribute.empty}' })).toMatchObject({ path: '/p/x' })
    for (const dots of ['..', '.', '../x', '..;a/b', '%2e%2e']) {
      const template = new RequestTemplate(requestSettings({ path: '/p/{attribute.sender}' }))
      const request = template.build('label', 't', '', new Attributes([['sender', dots]]))
      expect(request).toMatchObject({ suppressed: expect.stringContaining('".."') })
    }
  })
})
