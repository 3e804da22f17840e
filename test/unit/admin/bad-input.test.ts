import { describe, expect, test } from 'vitest'
import { admin, codeOf, OPERATOR, PROTECTED } from './routes-set-up.ts'

describe('foreign pages', () => {
  const changes = PROTECTED.filter(([role, method]) => role === 'operator' && method !== 'GET')
  for (const [, method, url, body] of changes) {
    test(`${method} ${url} from a foreign page changes nothing, even for an operator`, async () => {
      const { ask, program } = await admin({ settings: { anonymous: 'operator' } })
      expect(codeOf(await ask(method, url, {}, body))).toBe('403 header-missing')
      expect(codeOf(await ask(method, url, { 'x-mapgate': '1', origin: 'http://evil.example' }, body))).toBe(
        '403 foreign-origin',
      )
      expect(codeOf(await ask(method, url, { 'x-mapgate': '1', host: 'evil.example' }, body))).toBe(
        '421 host-unknown',
      )
      expect([program.reloads, program.purged, program.confirmed, program.drill, program.level]).toEqual([
        0,
        [],
        [],
        undefined,
        'info',
      ])
    })
  }

  test('a picture in a foreign page makes no lookup', async () => {
    const { ask, program } = await admin()
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect(codeOf(await ask('GET', '/api/v1/tables/aliases/lookup?key=a&cache=bypass', headers))).toBe(
      '403 foreign-origin',
    )
    expect(program.asked).toEqual([])
  })

  test('a link on a foreign page opens the page', async () => {
    const { ask } = await admin()
    expect((await ask('GET', '/', { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(200)
  })

  test('no other origin is ever told that it may', async () => {
    const { ask } = await admin()
    const headers = {
      origin: 'http://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-mapgate',
    }
    const reply = await ask('OPTIONS', '/api/v1/reload', headers)
    expect(reply.statusCode).toBe(405)
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
  })
})

test.each([
  ['GET', '/api/v1/tables/alias'],
  ['GET', '/api/v1/tables/alias/lookup?key=a'],
  ['DELETE', '/api/v1/tables/alias/cache'],
  ['POST', '/api/v1/tables/alias/confirm-loss'],
  ['POST', '/api/v1/tables/alias/replica/refresh'],
] as const)('%s %s says which table may be meant', async (method, url) => {
  const { ask } = await admin()
  const { statusCode, body } = await ask(method, url, OPERATOR)
  expect([statusCode, JSON.parse(body).detail]).toEqual([404, 'no such table; did you mean "aliases"'])
})

describe('bad input', () => {
  const cases: [
    name: string,
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    url: string,
    expected: string,
    body?: unknown,
  ][] = [
    ['an unknown route', 'GET', '/api/v2/tables', '404 not-found'],
    ['an empty table name', 'GET', '/api/v1/tables/', '400 invalid-parameter'],
    ['a wrong method', 'POST', '/api/v1/tables', '405 method-not-allowed'],
    ['a path that cannot be decoded', 'GET', '/api/v1/tables/%ff', '400 bad-request'],
    ['a query that cannot be decoded', 'GET', '/api/v1/tables/aliases/lookup?key=100%', '400 bad-request'],
    ['an unknown table', 'GET', '/api/v1/tables/nosuch', '404 table-unknown'],
    ['an unknown table in a lookup', 'GET', '/api/v1/tables/nosuch/lookup?key=a', '404 table-unknown'],
    ['an unknown table to confirm', 'POST', '/api/v1/tables/nosuch/confirm-loss', '404 table-unknown'],
    ['no drill to end', 'DELETE', '/api/v1/drills/directory', '404 drill-refused'],
    ['an unknown table to purge', 'DELETE', '/api/v1/tables/nosuch/cache', '404 table-unknown'],
    ['a table name of 201 characters', 'GET', `/api/v1/tables/${'x'.repeat(201)}`, '400 invalid-parameter'],
    ['a table name of 1025 characters', 'GET', `/api/v1/tables/${'x'.repeat(1025)}`, '404 not-found'],
    ['a table name with a slash', 'GET', '/api/v1/tables/a%2Fb', '404 table-unknown'],
    ['a lookup without a key', 'GET', '/api/v1/tables/aliases/lookup', '400 invalid-parameter'],
    ['two keys', 'GET', '/api/v1/tables/aliases/lookup?key=a&key=b', '400 invalid-parameter'],
    [
      'a misspelt parameter',
      'GET',
      '/api/v1/tables/aliases/lookup?key=a&explian=true',
      '400 invalid-parameter',
    ],
    ['a wrong value', 'GET', '/api/v1/tables/aliases/lookup?key=a&explain=yes', '400 invalid-parameter'],
    [
      'a purge of a key and a domain',
      'DELETE',
      '/api/v1/tables/aliases/cache?key=a&domain=b',
      '400 invalid-parameter',
    ],
    ['a purge of an empty domain', 'DELETE', '/api/v1/tables/aliases/cache?domain=', '400 invalid-parameter'],
    [
      'a misspelt purge, which must not become a purge of all',
      'DELETE',
      '/api/v1/tables/aliases/cache?kye=a',
      '400 invalid-parameter',
    ],
    ['an unknown level', 'PUT', '/api/v1/log-level', '400 invalid-parameter', { level: 'loud' }],
    ['a level of another type', 'PUT', '/api/v1/log-level', '400 invalid-parameter', { level: 30 }],
    ['a body of another shape', 'PUT', '/api/v1/log-level', '400 invalid-parameter', ['debug']],
    [
      'a body with more in it',
      'PUT',
      '/api/v1/log-level',
      '400 invalid-parameter',
      { level: 'debug', for: '1h' },
    ],
    ['no body', 'PUT', '/api/v1/log-level', '400 invalid-parameter'],
    ['a file of the page that is not there', 'GET', '/page/..%2fserver.ts', '404 not-found'],
  ]
  for (const [name, method, url, expected, body] of cases) {
    test(`${name}: ${expected}`, async () => {
      const { ask, program } = await admin()
      expect(codeOf(await ask(method, url, OPERATOR, body))).toBe(expected)
      expect([program.level, program.defects]).toEqual(['info', []])
      if (!url.includes('nosuch')) expect(program.purged).toEqual([])
    })
  }

  test('a body that is not JSON, empty, of another kind or too long', async () => {
    const { ask } = await admin()
    const json = { ...OPERATOR, 'content-type': 'application/json' }
    expect(codeOf(await ask('PUT', '/api/v1/log-level', json, '{"level":'))).toBe('400 bad-request')
    expect(codeOf(await ask('PUT', '/api/v1/log-level', json, ''))).toBe('400 bad-request')
    expect(
      codeOf(await ask('PUT', '/api/v1/log-level', { ...OPERATOR, 'content-type': 'text/xml' }, '<a/>')),
    ).toBe('415 media-type')
    expect(codeOf(await ask('PUT', '/api/v1/log-level', json, `"${'x'.repeat(16 * 1024)}"`))).toBe(
      '413 body-too-large',
    )
    expect(codeOf(await ask('PUT', '/api/v1/log-level', json, '{"__proto__":{}}'))).toBe('400 bad-request')
  })

  test('a 405 names the methods there are', async () => {
    const { ask } = await admin()
    const reply = await ask('POST', '/api/v1/log-level', OPERATOR)
    expect(reply.headers.allow).toBe('GET, HEAD, PUT')
  })

  test('what was wrong is named, the value that was sent is not', async () => {
    const { ask } = await admin()
    const reply = await ask('GET', '/api/v1/tables/aliases/lookup?key=bob@lighthouse.example&explain=maybe')
    expect(reply.json<{ errors: string[] }>().errors).toEqual([
      'querystring/explain must be equal to one of the allowed values: true, false',
    ])
    expect(reply.body).not.toMatch(/bob|maybe/)
    const other = await ask('GET', '/api/v1/tables/aliases/lookup?key=bob@lighthouse.example&cahce=bypass')
    expect(other.json<{ errors: string[] }>().errors).toEqual([
      'querystring must NOT have additional properties; known are key, explain, cache',
    ])
    expect(other.body).not.toMatch(/bob|cahce/)
  })

  test('an exception is answered without its text, and told as a defect', async () => {
    const { ask, program } = await admin()
    program.answer = () => {
      throw new Error('inner secret')
    }
    const reply = await ask('GET', '/api/v1/tables/aliases/lookup?key=a')
    expect(codeOf(reply)).toBe('500 defect')
    expect(reply.body).not.toContain('inner')
    expect(program.defects).toEqual([new Error('inner secret')])
  })
})
