/**
 * A table that is asked by attributes, through the whole program: what the service is sent, what is stored, what is
 * said to those who ask without attributes, and what an outage makes of it.
 */
import { describe, expect, test } from 'vitest'
import { outageAdvice } from '../../../src/config/outage-advice.ts'
import { parseConfig, SETTINGS_KINDS } from '../../../src/gateway/load-config.ts'
import { until } from '../../support/wire/sockets.ts'
import { PROTOCOLS_AND_TOY, start } from './attributes-set-up.ts'

const KINDS = { ...SETTINGS_KINDS, protocols: [...PROTOCOLS_AND_TOY.values()] }

test('the service is sent the attributes, secret ones only by name, and nothing is stored', async () => {
  const { service, gateway, client, ask } = await start('')
  service.otherwise = { json: 'yes' }
  for (let times = 0; times < 2; times++) {
    ask('bob')
    await client.expect('YES yes\n')
  }
  expect(service.requests.map(({ body }) => JSON.parse(body))).toEqual([
    { user: 'bob', password: 'geheim-77', all: { user: 'bob' } },
    { user: 'bob', password: 'geheim-77', all: { user: 'bob' } },
  ])
  const pages = ['/metrics', '/api/v1/status', '/api/v1/problems', '/api/v1/config']
  const texts = await Promise.all(
    pages.map(async (page) => (await fetch(`${gateway.adminUrl}${page}`)).text()),
  )
  expect([...texts, JSON.stringify(gateway.log())].join()).not.toContain('geheim')
})

test('two lookups at once make two requests, and a failed one is not repeated', async () => {
  const { service, client, ask, open } = await start('')
  service.otherwise = { act: 'reset' }
  ask('bob')
  await client.expect('LATER: tomorrow\n')
  expect(service.requests).toHaveLength(1)
  service.otherwise = { json: 'yes' }
  const other = await open()
  ask('bob')
  other.send('user=bob\nkey=x\n\n')
  await Promise.all([client.expect('YES yes\n'), other.expect('YES yes\n')])
  expect(service.requests).toHaveLength(3)
})

test('a lookup by a key is answered so', async () => {
  const { service, gateway } = await start('')
  expect(await gateway.socketmap().lookup('greylist', 'a')).toMatchObject({
    kind: 'permanent',
    reason: expect.stringContaining('asked by attributes'),
  })
  const answer = await (await fetch(`${gateway.adminUrl}/api/v1/tables/greylist/lookup?key=a`)).json()
  expect(answer).toMatchObject({ result: { kind: 'permanent', cause: 'bad-request' } })
  expect(service.requests).toEqual([])
})

const CANARY = '    canary: { attributes: { user: known, password: canary-99 }, maxAge: 0s }'

describe('a canary of attributes', () => {
  test('is asked before a "no" is believed, and while it is not found nobody is told "no"', async () => {
    const { service, gateway, client, ask } = await start(CANARY)
    let isBroken = false
    service.otherwise = ({ body }) =>
      !isBroken && ['known', 'bob'].includes(JSON.parse(body).user) ? { json: 'yes' } : { status: 204 }
    const told = async (user: string, reply: string) => {
      ask(user)
      await client.expect(reply)
    }
    await told('bob', 'YES yes\n')
    await told('eve', 'NO\n')
    isBroken = true
    await told('eve', 'LATER: tomorrow\n')
    const status = await (await fetch(`${gateway.adminUrl}/api/v1/status`)).json()
    expect(JSON.stringify(status)).toContain('"state":"missing"')
    isBroken = false
    await expect
      .poll(
        async () => {
          client.received = ''
          ask('eve')
          await until(() => client.received.endsWith('\n'))
          return client.received
        },
        { timeout: 10_000 },
      )
      .toBe('NO\n')
    // The question of a client is made once, with its own attributes; that of the canary has those that are written.
    const bodies = service.requests.map(({ body }) => JSON.parse(body))
    expect(bodies.filter(({ user }) => user === 'bob')).toHaveLength(1)
    expect(bodies.find(({ user }) => user === 'known')).toEqual({
      user: 'known',
      password: 'canary-99',
      all: { user: 'known' },
    })
  })

  test('shows its password nowhere', async () => {
    const { service, gateway, client, ask } = await start(CANARY)
    service.otherwise = ({ body }) => ({ status: 500, text: body })
    ask('eve')
    await client.expect('LATER: tomorrow\n')
    const pages = ['/metrics', '/api/v1/status', '/api/v1/problems', '/api/v1/config']
    const texts = await Promise.all(
      pages.map(async (page) => (await fetch(`${gateway.adminUrl}${page}`)).text()),
    )
    const all = [...texts, JSON.stringify(gateway.log())].join()
    expect(all).toContain('"password":"***"')
    expect(all).not.toContain('canary-99')
    expect(service.requests[0]?.body).toContain('canary-99')
  })

  test('whose password changes is asked by the new one after a reload', async () => {
    const { service, gateway } = await start(CANARY)
    service.otherwise = { json: 'yes' }
    gateway.write(gateway.read().replace('canary-99', 'canary-00'))
    expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
    await until(() => service.requests.some(({ body }) => body.includes('canary-00')))
  })
})

describe('a word of the protocol in whenUnknown', () => {
  // Nobody can tell whether others are answered: what may be about bob alone is not passed over.
  for (const [name, behaviour, reply] of [
    ['503', { status: 503 }, 'NO\n'],
    ['401', { status: 401 }, 'NO\n'],
    ['silence', { act: 'silence' }, 'NO\n'],
    ['500', { status: 500 }, 'LATER: tomorrow\n'],
    ['a page', { headers: { 'content-type': 'text/html' }, text: '<html>OK</html>' }, 'LATER: tomorrow\n'],
  ] as const) {
    test(`that says "not found" is replied as ${reply.trim()} where the service says ${name} and no question is known`, async () => {
      const { service, client, ask } = await start('    whenUnknown: SHRUG')
      service.otherwise = behaviour
      ask('bob')
      await client.expect(reply)
    })
  }

  test.each([400, 403, 404, 413, 414, 422, 431])(
    'that says "not found" is not replied where the service says %i and no question is known',
    async (status) => {
      const { service, client, ask } = await start('    whenUnknown: SHRUG')
      service.otherwise = { status }
      ask('bob')
      await client.closed
      expect(client.received).toBe('')
    },
  )

  const failingFor =
    (fails: (user: string) => boolean) =>
    ({ body }: { readonly body: string }) =>
      fails(JSON.parse(body).user) ? { status: 500 } : { json: 'yes' }

  test('is replied where the canary gets the same, and not where the canary is found', async () => {
    const { service, client, ask } = await start(`    whenUnknown: SHRUG\n${CANARY}`)
    service.otherwise = failingFor((user) => user === 'bob')
    ask('bob')
    await client.expect('LATER: tomorrow\n')
    service.otherwise = failingFor(() => true)
    await expect
      .poll(
        async () => {
          client.received = ''
          ask('bob')
          await until(() => client.received.endsWith('\n'))
          return client.received
        },
        { timeout: 10_000 },
      )
      .toBe('NO\n')
  })

  test('is replied as what nobody knows where the protocol says so', async () => {
    const { service, client, ask } = await start('    whenUnknown: WAIT')
    service.otherwise = { status: 503 }
    ask('bob')
    await client.expect('LATER: tomorrow\n')
  })

  test('is what the protocol advises for an outage, and none where it is written', async () => {
    const advice = async (whenUnknown: string) => {
      const config = await parseConfig(
        `listeners: [{ protocol: toy, listen: "inet:127.0.0.1:1", table: t }]\nupstreams: { d: { endpoints: ["http://127.0.0.1:1"] } }\ntables: { t: { upstream: d, request: { path: "/{attribute.user}" }${whenUnknown} } }`,
        'c.yaml',
        { kinds: KINDS },
      )
      const table = config.tables.get('t')
      return table && outageAdvice(table, config, KINDS)
    }
    expect(await advice('')).toEqual([
      {
        stops: 'every toy',
        write: 'canary: { attributes: ... } and whenUnknown: SHRUG, if toys may play alone',
      },
    ])
    expect(await advice(', whenUnknown: WAIT')).toHaveLength(1)
    expect(await advice(', whenUnknown: SHRUG')).toEqual([])
  })
})

describe('the check of a configuration', () => {
  const problems = async (
    table: string,
    listener = '{ protocol: toy, listen: "inet:127.0.0.1:1", table: t }',
  ) => {
    const text = `listeners: [${listener}]\nupstreams: { d: { endpoints: ["http://127.0.0.1:1"] }, s: { entries: {} } }\ntables: { t: ${table} }`
    return parseConfig(text, 'c.yaml', { kinds: KINDS }).then(
      ({ warnings }) => warnings.map(({ message }) => message).join('\n'),
      (error: Error) => error.message,
    )
  }
  const REQUEST = 'request: { path: /p, query: { u: "{attribute.user}" } }'
  const cases: [table: string, problem: string][] = [
    [
      '{ upstream: d, request: { path: "/{attribute.usr}" } }',
      'unknown placeholder {attribute.usr}; did you mean {attribute.user}',
    ],
    [
      '{ upstream: d, request: { path: "/{attribute.password}" } }',
      '{attribute.password} is secret, and URLs are logged',
    ],
    ['{ upstream: d, request: { path: "/{key}/{attribute.user}" } }', 'has {key} and attributes'],
    [
      '{ upstream: d, request: { method: POST, path: /p, json: { a: "x{attributes}" } } }',
      'unknown placeholder {attributes}',
    ],
    [`{ upstream: [d, s], ${REQUEST} }`, '"s" is static entries, which takes keys and no attributes'],
    [
      `{ upstream: d, ${REQUEST}, usedBy: virtual_alias_maps }`,
      'is about keys, and this table is asked by attributes',
    ],
    [`{ upstream: d, ${REQUEST}, canary: { key: a } }`, 'is a key, and this table is asked by attributes'],
    [`{ upstream: d, ${REQUEST}, canary: { every: 10s } }`, 'canary: "attributes" is missing'],
    [
      `{ upstream: d, ${REQUEST}, canary: { attributes: { usr: a } } }`,
      'there is no attribute "usr"; did you mean "user"',
    ],
    [`{ upstream: d, ${REQUEST}, canary: { attributes: { password: a } } }`, 'canary.attributes: lacks user'],
    [
      '{ upstream: d, request: { path: "/{attribute.user}" }, canary: { attributes: { user: a/../b } } }',
      'canary.attributes: cannot be asked for: ',
    ],
    [
      '{ upstream: d, request: { path: "/{key}" }, canary: { attributes: { user: a } } }',
      'is only for tables whose request has {attribute...}; write "key"',
    ],
    [`{ upstream: d, ${REQUEST}, domains: [a.example] }`, 'is about keys'],
    [
      `{ upstream: d, ${REQUEST}, whenUnknown: notFound }`,
      'has DUNNO, DEFER_IF_PERMIT, SHRUG or WAIT here; write one of them',
    ],
    [
      `{ upstream: d, ${REQUEST}, whenUnknown: DUNNO }`,
      'tables.t.whenUnknown: toy has no reply DUNNO: in an outage its clients are told to try again later; write SHRUG or WAIT',
    ],
    [`{ upstream: d, ${REQUEST}, cacheBy: [usr] }`, 'there is no attribute "usr"; did you mean "user"'],
    [`{ upstream: d, ${REQUEST}, cacheBy: [user], cache: off }`, 'cannot be used with cache: off'],
    [`{ upstream: d, ${REQUEST}, cache: { ttl: 1s } }`, 'has no effect without cacheBy'],
    [
      `{ upstream: d, ${REQUEST}, response: { missing: notFound } }`,
      'a reply without an answer is no answer here',
    ],
    [`{ upstream: d, ${REQUEST}, response: { action: $.a, value: $.b } }`, 'cannot be used with "action"'],
    [`{ upstream: d, ${REQUEST}, response: { text: $.b } }`, 'needs "action"'],
    [`{ upstream: d, ${REQUEST}, response: { action: "a[" } }`, 'is not a JSONPath'],
    ['{ upstream: s, cacheBy: [user] }', 'is only for tables whose request has {attribute...}'],
    ['{ upstream: s, whenUnknown: DUNNO }', 'DUNNO is only for tables whose request has'],
    [
      '{ upstream: d, request: { path: "/{key}" }, response: { action: $.a } }',
      'is only for tables whose request has',
    ],
    [
      `{ upstream: d, ${REQUEST}, batch: { path: /b, json: "{keys}" }, sideEffects: false }`,
      'batch: is about keys, and this table',
    ],
  ]
  for (const [table, problem] of cases) {
    test(`refuses ${table}`, async () => expect(await problems(table)).toContain(problem))
  }

  test('accepts the same with nothing to say', async () => {
    const table = (more: string) => `{ upstream: d, ${REQUEST}, cacheBy: [user], whenUnknown: SHRUG${more} }`
    expect(await problems(table(', canary: { attributes: { user: bob } }'))).toBe('')
    expect(await problems(table(''))).toContain('needs a canary: without one mapgate cannot tell an outage')
  })

  test('refuses such a table on a listener whose clients send keys only', async () => {
    const listener = '{ protocol: socketmap, listen: "inet:127.0.0.1:1", tables: [t] }'
    expect(await problems(`{ upstream: d, ${REQUEST} }`, listener)).toContain(
      'table "t" is asked by attributes, and socketmap has keys only; let another listener serve it',
    )
  })
})
