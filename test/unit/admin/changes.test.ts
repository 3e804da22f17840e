import { describe, expect, test } from 'vitest'
import { found, NOT_FOUND, temporary } from '../../../src/core/result.ts'
import { READY } from '../../support/admin/scripted-program.ts'
import { admin, codeOf, OPERATOR, VIEWER } from './routes-set-up.ts'

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

describe('a question by attributes', () => {
  const URL = '/api/v1/tables/aliases/lookup'
  const listed = (values: Record<string, string>) =>
    Object.entries(values).map(([name, value]) => ({ name, value }))

  test('is asked with its secrets apart, and answered as a key is', async () => {
    const { ask, program } = await admin()
    const attributes = listed({ user: 'bob', password: 'gEheim-77', sender: '' })
    const reply = await ask('POST', URL, OPERATOR, { attributes, explain: true, cache: 'bypass' })
    expect(reply.statusCode).toBe(200)
    expect(reply.body).not.toContain('gEheim')
    expect(reply.json()).toMatchObject({ table: 'aliases', key: 'bob', steps: expect.anything() })
    const [asked] = program.asked
    expect(asked?.query).toMatchObject({ protocol: 'admin', table: 'aliases', key: Buffer.from('bob') })
    expect(asked?.query.attributes?.shown).toEqual({ user: 'bob', sender: '' })
    expect(asked?.query.attributes?.get('password')).toBe('gEheim-77')
    expect(asked?.options?.cache).toBe('bypass')
  })

  test('is called by its recipient, else its sender', async () => {
    const { ask, program } = await admin()
    await ask('POST', URL, OPERATOR, {
      attributes: listed({ sender: 'a@x.example', recipient: 'b@x.example' }),
    })
    await ask('POST', URL, OPERATOR, { attributes: listed({ sender: 'a@x.example', recipient: '' }) })
    await ask('POST', URL, OPERATOR, { attributes: [] })
    expect(program.asked.map(({ query }) => query.key.toString())).toEqual(['b@x.example', 'a@x.example', ''])
  })

  test('is for operators: nobody else may try passwords', async () => {
    const { ask, program } = await admin()
    const body = { attributes: listed({ user: 'bob', password: 'gEheim-77' }) }
    expect(codeOf(await ask('POST', URL, VIEWER, body))).toBe('403 role-too-low')
    expect(program.asked).toEqual([])
  })

  test.each([
    ['without attributes', {}],
    ['with a value that is no text', { attributes: [{ name: 'password', value: ['gEheim-77'] }] }],
    ['with a value that is too long', { attributes: listed({ password: 'gEheim-77'.repeat(1400) }) }],
    ['with another member', { attributes: [], key: 'a' }],
  ])('%s is refused, and the value is not repeated', async (_what, body) => {
    const { ask, program } = await admin()
    const reply = await ask('POST', URL, OPERATOR, body)
    expect(codeOf(reply)).toBe('400 invalid-parameter')
    expect(reply.body).not.toContain('gEheim')
    expect(program.asked).toEqual([])
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
    expect((await begin('failing', 60)).json()).toMatchObject({
      status: 409,
      code: 'drill-refused',
      detail: expect.stringContaining('this is an outage'),
    })
    expect(codeOf(await begin('directory', 0))).toBe('400 invalid-parameter')
    expect(codeOf(await begin('directory', 3601))).toBe('400 invalid-parameter')
    const running = (await begin('directory', 3600)).json<Record<string, unknown>>()
    expect(running).toMatchObject({
      upstream: 'directory',
      state: 'running',
      tables: [{ name: 'aliases', readiness: 0.9, answered: 9, deferred: 1 }],
    })
    expect((await begin('directory', 60)).json()).toMatchObject({
      status: 409,
      code: 'drill-refused',
      detail: 'a drill of this upstream is under way; mapgate drill --stop directory ends it',
    })
    expect((await ask('GET', '/api/v1/drills')).json()).toEqual({ drills: [running] })
    expect(codeOf(await ask('DELETE', '/api/v1/drills/directory', VIEWER))).toBe('403 role-too-low')
    const ended = await ask('DELETE', '/api/v1/drills/directory', OPERATOR)
    expect(ended.json()).toMatchObject({ state: 'ended', endedBy: 'operator' })
    expect(codeOf(await ask('DELETE', '/api/v1/drills/directory', OPERATOR))).toBe('404 drill-refused')
    expect(codeOf(await ask('DELETE', '/api/v1/drills/nosuch', OPERATOR))).toBe('404 upstream-unknown')
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
      expect(reply.json()).toEqual({ removed: 4, of: 'entries' })
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
