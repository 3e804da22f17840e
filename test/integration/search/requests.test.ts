/**
 * How many requests a real service gets: the domains filter, catch-alls and batches save most of them.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { type HttpService, type RecordedRequest, startHttpService } from '../../support/http/http-service.ts'

const t = { onTestFinished }

/** The aliases of the service; every other key is not found. */
const ALIASES: Readonly<Record<string, string>> = {
  'bob@a.example': 'bob@c.example',
  '@a.example': 'all@c.example',
}

const BATCH = `
    batch:
      path: /batch
      json: { keys: "{keys}" }
      results: $.results`

/** Answers single keys by path and batches by body. */
function directory(request: RecordedRequest) {
  if (request.url === '/batch') {
    const { keys } = JSON.parse(request.body) as { keys: string[] }
    return { json: { results: keys.map((key) => ALIASES[key] ?? null) } }
  }
  const value = ALIASES[decodeURIComponent(request.url.replace('/aliases/', ''))]
  return value === undefined ? { status: 404 } : { json: value }
}

async function start(
  table: string,
  clock?: ManualClock,
): Promise<{ gateway: TestGateway; service: HttpService }> {
  const service = await startHttpService(t)
  service.otherwise = directory
  const yaml = `${TWO_LISTENERS}
upstreams: { directory: { endpoints: ["${service.origin}"] } }
tables:
  aliases:
    usedBy: [virtual_alias_maps]
    recipientDelimiter: "+"
    upstream: directory
    request: { path: "/aliases/{key}" }
    cache: { ttl: 60s, negativeTtl: 10s, staleWhileRevalidate: 0s, jitter: 0 }
${table}
`
  return { gateway: await startGateway(t, yaml, { ...(clock && { clock }) }), service }
}

const lookup = (gateway: TestGateway, key: string) => gateway.socketmap().lookup('aliases', key)

async function explained(gateway: TestGateway, key: string) {
  const url = `${gateway.adminUrl}/api/v1/tables/aliases/lookup?explain=true&key=${encodeURIComponent(key)}`
  const response = await fetch(url)
  return (await response.json()) as {
    readonly result: unknown
    readonly steps: readonly Record<string, unknown>[]
    readonly wire: Record<string, { readonly reply: string }>
  }
}

describe('with `domains` set', () => {
  test('a lookup of another domain makes no request', async () => {
    const { gateway, service } = await start('    domains: [a.example]')
    expect(await lookup(gateway, 'bob@b.example')).toEqual({ kind: 'notfound' })
    expect(await lookup(gateway, 'b.example')).toEqual({ kind: 'notfound' })
    expect(service.requests.length).toBe(0)
    expect(await lookup(gateway, 'bob@a.example')).toEqual({ kind: 'found', value: 'bob@c.example' })
    expect(service.requests.length).toBe(1)
  })
})

describe('a catch-all', () => {
  for (const [kind, table] of [
    ['one request for each key', ''],
    ['a batch', BATCH],
  ] as const) {
    test(`is fetched once in its lifetime, by ${kind}`, async () => {
      const clock = new ManualClock()
      const { gateway, service } = await start(table, clock)
      const asked = (key: string) =>
        service.requests.filter(
          ({ url, body }) => decodeURIComponent(url).endsWith(`/${key}`) || body.includes(`"${key}"`),
        ).length
      for (const user of ['u1', 'u2', 'u3']) {
        expect(await lookup(gateway, `${user}@a.example`)).toEqual({ kind: 'found', value: 'all@c.example' })
      }
      expect(asked('@a.example')).toBe(1)
      clock.advance(59_999)
      await lookup(gateway, 'u4@a.example')
      expect(asked('@a.example')).toBe(1)
      clock.advance(1)
      await lookup(gateway, 'u5@a.example')
      expect(asked('@a.example')).toBe(2)
    })
  }
})

describe('a batch route', () => {
  const keys = Array.from({ length: 20 }, (_, n) => `user${n}+ext@a.example`)

  test('makes one request of a lookup that takes three without it', async () => {
    const single = await start('')
    const batched = await start(BATCH)
    for (const { gateway } of [single, batched]) {
      expect(await lookup(gateway, 'u+ext@a.example')).toEqual({ kind: 'found', value: 'all@c.example' })
    }
    expect([single.service.requests.length, batched.service.requests.length]).toEqual([3, 1])
    expect(JSON.parse(batched.service.requests[0]?.body ?? '')).toEqual({
      keys: ['u+ext@a.example', 'u@a.example', '@a.example'],
    })
  })

  test('gets twenty lookups of one moment in a tenth of the requests, with the same answers', async () => {
    const single = await start('')
    const batched = await start(`${BATCH}\n      maxWait: 50ms`)
    const counts: number[] = []
    for (const { gateway, service } of [single, batched]) {
      const answers = await Promise.all(keys.map((key) => lookup(gateway, key)))
      expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
        new Set([JSON.stringify({ kind: 'found', value: 'all@c.example' })]),
      )
      counts.push(service.requests.length)
    }
    const [without = 0, withBatch = 0] = counts
    expect(without).toBeGreaterThanOrEqual(2 * keys.length)
    expect(withBatch).toBeLessThanOrEqual(without / 10)
  })

  test('gets no key whose answer is stored and fresh', async () => {
    const { gateway, service } = await start(BATCH)
    await lookup(gateway, 'u@a.example')
    service.clear()
    await lookup(gateway, 'v@a.example')
    expect(JSON.parse(service.requests[0]?.body ?? '')).toEqual({ keys: ['v@a.example'] })
  })

  test('splits what is more than maxKeys', async () => {
    const { gateway, service } = await start(`${BATCH}\n      maxKeys: 2`)
    expect(await lookup(gateway, 'u+ext@a.example')).toEqual({ kind: 'found', value: 'all@c.example' })
    expect(service.requests.map(({ body }) => JSON.parse(body).keys.length).sort()).toEqual([1, 2])
  })

  test('answers by the order of the keys, not of the replies', async () => {
    const { gateway } = await start(BATCH)
    expect(await lookup(gateway, 'bob+ext@a.example')).toEqual({ kind: 'found', value: 'bob+ext@c.example' })
  })

  test('that fails for an earlier key hides what a later one has', async () => {
    const { gateway, service } = await start(BATCH)
    service.otherwise = (request) => {
      const asked = (JSON.parse(request.body) as { keys: string[] }).keys
      return {
        json: {
          results: asked.map((key) => (key === 'u@a.example' ? { broken: true } : (ALIASES[key] ?? null))),
        },
      }
    }
    expect(await lookup(gateway, 'u@a.example')).toMatchObject({ kind: 'temporary' })
  })

  for (const status of [404, 204]) {
    test(`that answers ${status} makes nothing "not found"`, async () => {
      const { gateway, service } = await start(BATCH)
      service.otherwise = { status }
      expect(await lookup(gateway, 'u@a.example')).toMatchObject({ kind: 'temporary' })
    })
  }
})

describe('the explanation of a search', () => {
  test('names every key with where it was answered from, and what is sent', async () => {
    const { gateway } = await start(`${BATCH}\n    domains: [a.example]`)
    const fresh = await explained(gateway, 'Bob+Ext@a.example')
    expect(fresh.steps.map(({ step }) => step)).toEqual([
      'key',
      'domains',
      'cache',
      'cache',
      'cache',
      'request',
      'request',
      'request',
      'propagated',
      'answer',
    ])
    expect(fresh.steps[6]).toMatchObject({
      step: 'request',
      key: 'bob@a.example',
      upstream: 'directory',
      status: 200,
      batchKeys: 3,
      selected: ['bob@c.example'],
      result: { kind: 'found', value: 'bob@c.example' },
    })
    expect(fresh.steps[6]?.endpoint).toMatch(/^0:127\.0\.0\.1:\d+$/)
    expect(fresh.steps[8]).toEqual({
      step: 'propagated',
      extension: '+Ext',
      before: 'bob@c.example',
      after: 'bob+Ext@c.example',
    })
    expect(fresh.wire.socketmap?.reply).toBe('20:OK bob+Ext@c.example,')
    expect(fresh.wire.tcp_table?.reply).toBe('200 bob+Ext@c.example\n')

    const again = await explained(gateway, 'Bob+Ext@a.example')
    expect(again.steps.slice(2, 4)).toMatchObject([
      { step: 'cache', key: 'bob+ext@a.example', outcome: 'negative_hit', freshnessLifetimeMs: 10_000 },
      { step: 'cache', key: 'bob@a.example', outcome: 'hit', freshnessLifetimeMs: 60_000 },
    ])
    expect(again.steps[3]?.ageMs).toBeLessThan(60_000)

    const outside = await explained(gateway, 'bob@b.example')
    expect(outside.steps[1]).toEqual({ step: 'domains', domain: 'b.example', passed: false })
  })

  test('says why a partial key was not asked', async () => {
    const service = await startHttpService(t)
    const gateway = await startGateway(
      t,
      `${TWO_LISTENERS}
upstreams: { directory: { endpoints: ["${service.origin}"] } }
tables:
  aliases: { usedBy: [virtual_alias_maps], upstream: directory, request: { path: "/{domain}/{user}" } }
`,
    )
    const { steps } = await explained(gateway, 'nobody@a.example')
    expect(steps).toContainEqual({
      step: 'suppressed',
      key: '@a.example',
      upstream: 'directory',
      why: 'the key lacks a part that request.path needs',
    })
    expect(service.requests.map(({ url }) => url)).toEqual(['/a.example/nobody'])
  })
})
