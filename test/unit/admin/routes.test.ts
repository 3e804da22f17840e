import { Ajv2020 } from 'ajv/dist/2020.js'
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { found, NOT_FOUND, temporary } from '../../../src/core/result.ts'
import {
  type AdminFixture,
  type AdminFixtureOptions,
  adminFixture,
  OPERATOR_TOKEN,
  READY,
  VIEWER_TOKEN,
} from '../../support/admin/admin-ports.ts'

type Ask = (
  method: InjectOptions['method'],
  url: string,
  headers?: Record<string, string>,
  body?: unknown,
) => Promise<Response>

const OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}`, 'x-mapgate': '1' }
const VIEWER = { authorization: `Bearer ${VIEWER_TOKEN}`, 'x-mapgate': '1' }

async function admin(options?: AdminFixtureOptions): Promise<AdminFixture & { ask: Ask }> {
  const fixture = await adminFixture(onTestFinished, options)
  const ask: Ask = (method, url, headers = {}, body = undefined) =>
    fixture.server.app.inject({
      method,
      url,
      headers: { host: '127.0.0.1:8466', ...headers },
      ...(body !== undefined && { payload: body as object }),
    } as InjectOptions)
  return { ...fixture, ask }
}

function codeOf(reply: Response): string {
  expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  const { type, status, title, code, detail } = reply.json<Record<string, unknown>>()
  expect({ type, status }).toEqual({ type: 'about:blank', status: reply.statusCode })
  expect([typeof title, typeof detail]).toEqual(['string', 'string'])
  return `${status} ${code}`
}

/** Every route that asks for a role, with an innocent request for it. */
const PROTECTED: [
  role: 'viewer' | 'operator',
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  url: string,
  body?: unknown,
][] = [
  ['viewer', 'GET', '/metrics'],
  ['viewer', 'GET', '/api/v1/status'],
  ['viewer', 'GET', '/api/v1/tables'],
  ['viewer', 'GET', '/api/v1/tables/aliases'],
  ['viewer', 'GET', '/api/v1/tables/aliases/lookup?key=bob'],
  ['viewer', 'GET', '/api/v1/upstreams'],
  ['viewer', 'GET', '/api/v1/listeners'],
  ['viewer', 'GET', '/api/v1/config'],
  ['viewer', 'GET', '/api/v1/log-level'],
  ['viewer', 'GET', '/api/v1/history'],
  ['viewer', 'GET', '/api/v1/problems'],
  ['viewer', 'GET', '/api/v1/readiness'],
  ['viewer', 'GET', '/api/v1/drills'],
  ['operator', 'DELETE', '/api/v1/tables/aliases/cache'],
  ['operator', 'POST', '/api/v1/tables/aliases/confirm-loss'],
  ['operator', 'POST', '/api/v1/drills', { upstream: 'directory', seconds: 60 }],
  ['operator', 'POST', '/api/v1/reload'],
  ['operator', 'PUT', '/api/v1/log-level', { level: 'debug' }],
]

describe('roles', () => {
  for (const [role, method, url, body] of PROTECTED) {
    test(`${method} ${url} is for a ${role}`, async () => {
      const { ask } = await admin({ settings: { anonymous: 'none' } })
      expect(codeOf(await ask(method, url, { 'x-mapgate': '1' }, body))).toBe('401 token-needed')
      expect(codeOf(await ask(method, url, { authorization: 'Bearer wrong', 'x-mapgate': '1' }, body))).toBe(
        '401 token-unknown',
      )
      const asViewer = await ask(method, url, VIEWER, body)
      if (role === 'viewer') expect(asViewer.statusCode).toBe(200)
      else expect(codeOf(asViewer)).toBe('403 role-too-low')
      expect((await ask(method, url, OPERATOR, body)).statusCode).toBe(200)
    })
  }

  for (const url of ['/livez', '/readyz', '/', '/openapi.json', '/docs']) {
    test(`GET ${url} is open`, async () => {
      const { ask } = await admin({ settings: { anonymous: 'none' } })
      expect((await ask('GET', url)).statusCode).toBe(200)
    })
  }

  test('every route that is not in the lists above is one of the open ones', async () => {
    const { ask } = await admin()
    const { paths } = (await ask('GET', '/openapi.json')).json<{ paths: Record<string, object> }>()
    const known = PROTECTED.map(([, , url]) =>
      url.replace(/\?.*/, '').replace('/tables/aliases', '/tables/{table}'),
    )
    const open = ['/livez', '/readyz', '/', '/page/{file}', '/openapi.json']
    // /api/v1/events is tested over a real socket; a drill is ended in a test of its own.
    const elsewhere = ['/api/v1/events', '/api/v1/drills/{upstream}']
    expect(new Set(Object.keys(paths))).toEqual(new Set([...known, ...open, ...elsewhere]))
  })

  test('/docs shows every route without a script or an exception for styles', async () => {
    const { ask } = await admin()
    const { body, headers } = await ask('GET', '/docs')
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(body).toContain('<code>POST /api/v1/reload</code>')
    expect(body).not.toContain('<script')
  })

  for (const path of [
    '/docs/static/..',
    '/docs/static/%2e%2e/x',
    '/docs/%00',
    '/page/..%2f..',
    '/%ff',
    '/docs/x',
  ]) {
    test(`GET ${path} is a problem and no defect`, async () => {
      const { ask, program } = await admin()
      const { statusCode, headers } = await ask('GET', path)
      expect([400, 404]).toContain(statusCode)
      expect(headers['content-type']).toContain('application/problem+json')
      expect(program.defects).toEqual([])
    })
  }

  test('a change asks for a token before it reads the body', async () => {
    const { ask, program } = await admin()
    expect(
      codeOf(
        await ask('PUT', '/api/v1/log-level', { 'x-mapgate': '1', 'content-type': 'application/json' }, '{'),
      ),
    ).toBe('401 token-needed')
    expect(program.level).toBe('info')
  })
})

describe('foreign pages', () => {
  const changes = PROTECTED.filter(([role]) => role === 'operator')
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
    ['a table name of 201 characters', 'GET', `/api/v1/tables/${'x'.repeat(201)}`, '404 not-found'],
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

describe('lookup', () => {
  test('asks through the one door and tells result, source and time', async () => {
    const { ask, program } = await admin()
    const reply = await ask('GET', '/api/v1/tables/aliases/lookup?key=bob%2Bnews@example')
    expect(reply.json()).toEqual({
      table: 'aliases',
      key: 'bob+news@example',
      result: { kind: 'found', value: 'bob@lighthouse.example' },
      source: 'cache',
      durationMs: 0,
      tooLongFor: [],
    })
    expect(program.asked).toMatchObject([
      {
        query: { protocol: 'admin', table: 'aliases', key: Buffer.from('bob+news@example') },
        options: { cache: 'use' },
      },
    ])
  })

  test('explains every step and the bytes on each wire', async () => {
    const { ask } = await admin()
    const reply = await ask('GET', '/api/v1/tables/aliases/lookup?key=bob&explain=true')
    expect(reply.json()).toMatchObject({
      steps: [
        { step: 'key', key: 'bob@example' },
        { step: 'answer', source: 'cache' },
      ],
      wire: {
        socketmap: { reply: '25:OK bob@lighthouse.example,', bytes: 29 },
        tcp_table: { reply: '200 bob@lighthouse.example\n', bytes: 27 },
      },
    })
  })

  test('passes a bypass of the cache on', async () => {
    const { ask, program } = await admin()
    await ask('GET', '/api/v1/tables/aliases/lookup?key=bob&cache=bypass')
    expect(program.asked[0]?.options?.cache).toBe('bypass')
  })

  for (const [name, result] of [
    ['not found', NOT_FOUND],
    ['temporary', temporary('timeout', 'no answer')],
  ] as const) {
    test(`the status is 200 for ${name}, and the result says so`, async () => {
      const { ask, program } = await admin()
      program.answer = async () => result
      const reply = await ask('GET', '/api/v1/tables/aliases/lookup?key=bob')
      expect([reply.statusCode, reply.json<{ result: unknown }>().result]).toEqual([200, result])
    })
  }

  test('says for which client a found answer is too long', async () => {
    const tooLong = temporary('too-long', 'reply too long')
    const wireReplies = () =>
      new Map([
        ['socketmap', { told: found('short enough...'), text: '18:OK short enough...,' }],
        ['tcp_table', { told: tooLong, text: '400 reply%20too%20long\n' }],
      ])
    const { ask } = await admin({ ports: { wireReplies } })
    const reply = await ask('GET', '/api/v1/tables/aliases/lookup?key=bob&explain=true')
    expect(reply.json()).toMatchObject({
      tooLongFor: ['tcp_table'],
      wire: {
        socketmap: { reply: '18:OK short enough...,', bytes: 22, result: { kind: 'found' } },
        tcp_table: { reply: '400 reply%20too%20long\n', bytes: 23, result: tooLong },
      },
    })
  })

  test('hands bytes that are not UTF-8 on as they are', async () => {
    const { ask, program } = await admin()
    const reply = await ask('GET', '/api/v1/tables/aliases/lookup?key=a%ff%00')
    expect(program.asked[0]?.query.key).toEqual(Buffer.from([0x61, 0xff, 0x00]))
    expect(reply.json()).toMatchObject({ key: 'a\ufffd\u0000' })
  })

  test('hands an empty key and one of 10,001 bytes on: the core knows what they are', async () => {
    const { ask, program } = await admin()
    expect((await ask('GET', '/api/v1/tables/aliases/lookup?key=')).statusCode).toBe(200)
    expect((await ask('GET', `/api/v1/tables/aliases/lookup?key=${'%41'.repeat(10_001)}`)).statusCode).toBe(
      200,
    )
    expect(program.asked.map(({ query }) => query.key.length)).toEqual([0, 10_001])
  })

  test('never has more under way than its bound, and works again afterwards', async () => {
    const { ask, program } = await admin({ limits: { maxLookups: 2 } })
    const waiting: ((result: typeof NOT_FOUND) => void)[] = []
    program.answer = () => new Promise((resolve) => waiting.push(resolve))
    const first = [
      ask('GET', '/api/v1/tables/aliases/lookup?key=a'),
      ask('GET', '/api/v1/tables/aliases/lookup?key=b'),
    ]
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve))
    const third = await ask('GET', '/api/v1/tables/aliases/lookup?key=c')
    expect([codeOf(third), third.headers['retry-after']]).toEqual(['429 too-many-requests', '1'])
    for (const resolve of waiting) resolve(NOT_FOUND)
    for (const reply of await Promise.all(first)) expect(reply.statusCode).toBe(200)
    program.answer = () => NOT_FOUND
    expect((await ask('GET', '/api/v1/tables/aliases/lookup?key=d')).statusCode).toBe(200)
  })
})

describe('changes', () => {
  test('the readiness says which keys would be deferred, as the log shows keys', async () => {
    const { ask } = await admin()
    expect((await ask('GET', '/api/v1/readiness')).json()).toEqual({
      tables: [
        {
          name: 'aliases',
          lookups: 100,
          sampled: 50,
          ratio: 0.9,
          deferredKeys: 1,
          deferred: [{ key: 'eve@a.example', lookups: 10, at: '@a.example', why: 'was not asked before' }],
          advice: ['usedBy: every parameter'],
        },
        { name: 'uncached', lookups: 0, sampled: 0, deferredKeys: 0, deferred: [], advice: [] },
      ],
    })
    const hidden = await admin({ keys: 'none' })
    const { tables } = (await hidden.ask('GET', '/api/v1/readiness')).json<{ tables: unknown[] }>()
    expect(tables[0]).toMatchObject({ deferred: [{ lookups: 10, why: 'was not asked before' }] })
    expect(JSON.stringify(tables)).not.toContain('a.example')
  })

  test('a drill begins once, is listed, and ends with what it showed', async () => {
    const { ask } = await admin()
    const begin = (upstream: string, seconds: number) =>
      ask('POST', '/api/v1/drills', OPERATOR, { upstream, seconds })
    expect(codeOf(await begin('nosuch', 60))).toBe('404 upstream-unknown')
    expect(codeOf(await begin('fixed', 60))).toBe('409 drill-refused')
    expect(codeOf(await begin('directory', 0))).toBe('400 invalid-parameter')
    expect(codeOf(await begin('directory', 3601))).toBe('400 invalid-parameter')
    const running = (await begin('directory', 3600)).json<Record<string, unknown>>()
    expect(running).toMatchObject({
      upstream: 'directory',
      state: 'running',
      tables: [{ name: 'aliases', readiness: 0.9, answered: 9, deferred: 1 }],
    })
    expect(codeOf(await begin('directory', 60))).toBe('409 drill-refused')
    expect((await ask('GET', '/api/v1/drills')).json()).toEqual({ drills: [running] })
    expect(codeOf(await ask('DELETE', '/api/v1/drills/directory', VIEWER))).toBe('403 role-too-low')
    const ended = await ask('DELETE', '/api/v1/drills/directory', OPERATOR)
    expect(ended.json()).toMatchObject({ state: 'ended', endedBy: 'operator' })
  })

  test('a loss is confirmed, and another time there is none', async () => {
    const { ask, program } = await admin()
    const confirm = () => ask('POST', '/api/v1/tables/aliases/confirm-loss', OPERATOR)
    expect((await confirm()).json()).toEqual({ confirmed: true })
    expect((await confirm()).json()).toEqual({ confirmed: false })
    expect(program.confirmed).toEqual(['aliases', 'aliases'])
  })

  test('a purge tells what and how many', async () => {
    const { ask, program } = await admin()
    for (const query of ['', '?key=bob%40example', '?domain=lighthouse.example', '?key=']) {
      const reply = await ask('DELETE', `/api/v1/tables/aliases/cache${query}`, OPERATOR)
      expect(reply.json()).toEqual({ removed: 4 })
    }
    expect(program.purged.map(({ what }) => what)).toEqual([
      { kind: 'all' },
      { kind: 'key', key: Buffer.from('bob@example') },
      { kind: 'domain', domain: 'lighthouse.example' },
      { kind: 'key', key: Buffer.alloc(0) },
    ])
  })

  test('a good reload tells what changed', async () => {
    const { ask } = await admin()
    const reply = await ask('POST', '/api/v1/reload', OPERATOR)
    expect(reply.json()).toEqual({ changes: ['table aliases: deadline'], warnings: [] })
  })

  test('a bad reload tells every issue', async () => {
    const { ask, program } = await admin()
    program.report = { ok: false, issues: ['mapgate.yaml:3:5: listeners[0]: unknown key "adress"'] }
    const reply = await ask('POST', '/api/v1/reload', OPERATOR)
    expect(codeOf(reply)).toBe('422 configuration-bad')
    expect(reply.json()).toMatchObject({ errors: ['mapgate.yaml:3:5: listeners[0]: unknown key "adress"'] })
  })

  test('the log level changes', async () => {
    const { ask, program } = await admin()
    expect((await ask('GET', '/api/v1/log-level')).json()).toEqual({ level: 'info' })
    expect((await ask('PUT', '/api/v1/log-level', OPERATOR, { level: 'debug' })).json()).toEqual({
      level: 'debug',
    })
    expect(program.level).toBe('debug')
  })
})

describe('health', () => {
  const cases: [
    name: string,
    state: 'starting' | 'ready' | 'draining',
    degraded: string[],
    expected: [number, string],
  ][] = [
    ['starting', 'starting', [], [503, 'starting']],
    ['draining', 'draining', [], [503, 'draining']],
    ['ready', 'ready', [], [200, 'ready']],
    ['trouble', 'ready', ['canary of aliases missing'], [200, 'degraded']],
  ]
  for (const [name, state, degraded, expected] of cases) {
    test(`/readyz while ${name} is ${expected.join(' ')}`, async () => {
      const { ask, program } = await admin()
      program.status = { ...READY, state, degraded }
      const reply = await ask('GET', '/readyz')
      expect([reply.statusCode, reply.json()]).toEqual([expected[0], { status: expected[1], degraded }])
      expect((await ask('GET', '/livez')).statusCode).toBe(200)
    })
  }

  test('a flood is limited, by address, and /livez is not', async () => {
    const { ask } = await admin({ limits: { requestsPerWindow: 3, rateWindowMs: 60_000 } })
    const replies = []
    for (let n = 0; n < 5; n++) replies.push(await ask('GET', '/api/v1/tables'))
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429, 429])
    const last = replies.at(-1)
    if (last !== undefined)
      expect([codeOf(last), Number(last.headers['retry-after'])]).toEqual(['429 too-many-requests', 60])
    expect(codeOf(await ask('GET', '/nosuch'))).toBe('429 too-many-requests')
    expect((await ask('GET', '/livez')).statusCode).toBe(200)
  })

  test('guessing tokens is limited', async () => {
    const { ask } = await admin({ limits: { requestsPerWindow: 1, rateWindowMs: 60_000 } })
    const wrong = { authorization: 'Bearer guess' }
    expect(codeOf(await ask('GET', '/api/v1/tables', wrong))).toBe('401 token-unknown')
    expect(codeOf(await ask('GET', '/api/v1/tables', wrong))).toBe('429 too-many-requests')
  })
})

describe('answers', () => {
  test('every answer tells the browser how little it may do', async () => {
    const { ask } = await admin()
    for (const url of ['/', '/api/v1/status', '/nosuch']) {
      const { headers } = await ask('GET', url)
      expect(headers['content-security-policy']).toContain(
        "default-src 'none';script-src 'self';style-src 'self'",
      )
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['x-frame-options']).toBe('DENY')
      expect(headers).not.toHaveProperty('strict-transport-security')
    }
    expect((await ask('GET', '/api/v1/status')).headers['cache-control']).toBe('no-store')
  })

  test('a file of the page is not sent again while it is the same', async () => {
    const { ask } = await admin()
    const first = await ask('GET', '/')
    const second = await ask('GET', '/', { 'if-none-match': String(first.headers.etag) })
    expect([first.headers['cache-control'], second.statusCode, second.body]).toEqual(['no-cache', 304, ''])
  })

  test('no JSON answer holds a secret, whoever put it there', async () => {
    const { ask, program, observability } = await admin()
    program.config = { admin: { tokens: [{ token: OPERATOR_TOKEN }] } }
    program.answer = () => found(`seen ${OPERATOR_TOKEN}`)
    program.report = { ok: false, issues: [`cannot use ${OPERATOR_TOKEN}`] }
    observability.journal.problem('lookup', '', `refused ${OPERATOR_TOKEN}`)
    for (const [, method, url, body] of PROTECTED) {
      expect((await ask(method, url, OPERATOR, body)).body).not.toContain(OPERATOR_TOKEN)
    }
  })

  test('every answer is what the OpenAPI document says', async () => {
    const { ask, observability, program } = await admin()
    observability.journal.problem('shed', 'directory', 'x')
    observability.observer
      .table('aliases')
      .answered(
        { protocol: 'admin', table: 'aliases', key: Buffer.alloc(0) },
        found('x'),
        'cache',
        1,
        undefined,
      )
    observability.observer.upstream('directory').requestEnded('0 dir.example', 'found', 3)
    observability.history.start()
    program.clock.advance(4000)
    const { paths } = (await ask('GET', '/openapi.json')).json<{
      paths: Record<string, Record<string, DocumentedRoute>>
    }>()
    const ajv = new Ajv2020({ strict: false })
    let checked = 0
    for (const [, method, url, body] of PROTECTED) {
      const path = url.replace(/\?.*/, '').replace('/tables/aliases', '/tables/{table}')
      const schema =
        paths[path]?.[method.toLowerCase()]?.responses['200']?.content['application/json']?.schema
      if (schema === undefined) continue
      const validate = ajv.compile(schema)
      validate((await ask(method, url.replace('=bob', '=bob&explain=true'), OPERATOR, body)).json())
      expect([url, validate.errors]).toEqual([url, null])
      checked += 1
    }
    // All but /metrics.
    expect(checked).toBe(PROTECTED.length - 1)
  })
})

interface DocumentedRoute {
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: object }> }>
}

describe('access log', () => {
  test('names route, role and status, hides path and query, and keys as configured', async () => {
    const { ask, log } = await admin({ keys: 'none', level: 'debug' })
    await ask('GET', '/api/v1/tables/aliases/lookup?key=bob@lighthouse.example')
    await ask('DELETE', '/api/v1/tables/aliases/cache?key=bob@lighthouse.example', OPERATOR)
    await ask('GET', '/bob@lighthouse.example')
    const lines = await log.lines()
    expect(
      lines.map(({ level, method, route, status, role }) => [level, method, route, status, role]),
    ).toEqual([
      ['debug', 'GET', '/api/v1/tables/:table/lookup', 200, 'viewer'],
      ['info', 'DELETE', '/api/v1/tables/:table/cache', 200, 'operator'],
      ['info', 'GET', '', 404, 'none'],
    ])
    expect(JSON.stringify(lines)).not.toMatch(/bob|lighthouse/)
    expect(JSON.stringify(lines)).not.toContain(OPERATOR_TOKEN)
  })

  test('shows a key where keys are plain, and is silent about reading at info', async () => {
    const { ask, log } = await admin({ keys: 'plain', level: 'info' })
    await ask('GET', '/api/v1/tables/aliases/lookup?key=bob')
    await ask('DELETE', '/api/v1/tables/aliases/cache?key=bob', OPERATOR)
    expect((await log.lines()).map(({ method, key }) => [method, key])).toEqual([['DELETE', 'bob']])
  })

  test('writes fifty lines a second and says how many it left out', async () => {
    const { ask, log, program } = await admin({ level: 'info' })
    for (let n = 0; n < 60; n++) await ask('GET', '/nosuch')
    program.clock.advance(1000)
    await ask('GET', '/nosuch')
    const lines = await log.lines()
    expect([lines.length, lines.at(-1)?.suppressed]).toEqual([51, 10])
  })
})
