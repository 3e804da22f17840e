/**
 * The rules of the cache over real HTTP: conditional requests, the service's own caching fields,
 * purges, and tables that store nothing. Counts what the service is asked.
 */
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import {
  type Behaviour,
  type Cleanup,
  type HttpService,
  startHttpService,
} from '../../support/http/http-service.ts'
import { quiet } from '../../support/wire/sockets.ts'
import { Wire } from './wire.ts'

interface Running {
  readonly service: HttpService
  readonly gateway: TestGateway
  readonly clock: ManualClock
  /** Asks over socketmap. */
  ask(key: string): Promise<string>
}

async function start(t: Cleanup, table: string, upstream = 'attempts: 1', more = ''): Promise<Running> {
  const service = await startHttpService(t)
  service.otherwise = { text: 'one' }
  const clock = new ManualClock()
  const gateway = await startGateway(
    t,
    `${TWO_LISTENERS}
upstreams:
  directory: { endpoints: ["${service.origin}"${more}], ${upstream} }
tables:
  aliases: { upstream: directory, request: { path: "/{key}" }, ${table} }
`,
    { clock, random: () => 0 },
  )
  const wire = new Wire(t, gateway, 'socketmap')
  return { service, gateway, clock, ask: async (key) => (await wire.ask(key)).text }
}

/** A reply that is held until {@link release}. */
function held(text: string): { behaviour: Behaviour; release: () => void } {
  let release: () => void = () => {}
  const after = new Promise<void>((resolve) => {
    release = resolve
  })
  return { behaviour: { text, after }, release }
}

function purge(gateway: TestGateway, what: string): Promise<Response> {
  const url = `${gateway.adminUrl}/api/v1/tables/aliases/cache${what}`
  return fetch(url, { method: 'DELETE', headers: { 'x-mapgate': '1' } })
}

describe('a conditional refresh', () => {
  test('renews the answer by a 304, and takes a changed one', async (t) => {
    const { service, clock, ask } = await start(t, 'cache: { ttl: 10s, staleWhileRevalidate: 0ms }')
    service.otherwise = { text: 'one', headers: { etag: '"v1"', 'last-modified': LAST_MODIFIED } }
    expect(await ask('a')).toBe('OK one')
    service.otherwise = { status: 304 }
    clock.advance(10_000)
    expect(await ask('a')).toBe('OK one')
    expect(service.requests[1]?.headers).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': LAST_MODIFIED,
    })
    clock.advance(9999)
    expect(await ask('a')).toBe('OK one')
    expect(service.requests).toHaveLength(2) // fresh for another ttl
    service.otherwise = { text: 'two' }
    clock.advance(1)
    expect(await ask('a')).toBe('OK two')
    expect(service.requests[2]?.headers['if-none-match']).toBe('"v1"') // kept by the 304 that had none
  })

  test('that ends in 404 ends the answer', async (t) => {
    const { service, clock, ask } = await start(t, 'cache: { ttl: 10s, staleWhileRevalidate: 0ms }')
    service.otherwise = { text: 'one', headers: { etag: '"v1"' } }
    await ask('a')
    service.otherwise = { status: 404 }
    clock.advance(10_000)
    expect(await ask('a')).toBe('NOTFOUND ')
    await service.stop()
    clock.advance(10_000)
    expect(await ask('a')).toMatch(/^TEMP /) // the old answer does not come back
  })
})

const LAST_MODIFIED = 'Thu, 01 Jan 2026 00:00:00 GMT'

describe('what the service says about caching', () => {
  const CASES: [says: string, headers: Record<string, string>, honoured: number, otherwise: number][] = [
    ['max-age=60', { 'cache-control': 'max-age=60' }, 60_000, 10_000],
    ['max-age=60 and s-maxage=5', { 'cache-control': 's-maxage=5, max-age=60' }, 60_000, 10_000],
    ['max-age=60 with Age: 20', { 'cache-control': 'max-age=60', age: '20' }, 40_000, 10_000],
    ['max-age=1, less than minTtl', { 'cache-control': 'max-age=1' }, 5_000, 10_000],
    ['max-age=9999, more than maxTtl', { 'cache-control': 'max-age=9999' }, 120_000, 10_000],
    ['no-store', { 'cache-control': 'no-store' }, 0, 10_000],
    ['Vary', { vary: 'accept-language' }, 0, 10_000],
    ['no-cache', { 'cache-control': 'no-cache' }, 0, 10_000],
    ['nothing', {}, 10_000, 10_000],
  ]
  for (const [says, headers, honoured, otherwise] of CASES) {
    for (const [honor, freshMs] of [
      [true, honoured],
      [false, otherwise],
    ] as const) {
      test(`"${says}" keeps an answer ${freshMs} ms with honorCacheControl: ${honor}`, async (t) => {
        const cache = `{ ttl: 10s, staleWhileRevalidate: 0ms, minTtl: 5s, maxTtl: 2m, honorCacheControl: ${honor} }`
        const { service, clock, ask } = await start(t, `cache: ${cache}`)
        const date = new Date(clock.wallMs()).toUTCString()
        service.otherwise = { text: 'one', headers: { date, ...headers } }
        expect(await ask('a')).toBe('OK one')
        if (freshMs > 0) {
          clock.advance(freshMs - 1)
          await ask('a')
          expect(service.requests).toHaveLength(1)
        }
        clock.advance(1)
        expect(await ask('a')).toBe('OK one')
        expect(service.requests).toHaveLength(2)
      })
    }
  }

  test('must-revalidate is no outage protection, where it is honoured', async (t) => {
    const { service, clock, ask } = await start(t, 'cache: { honorCacheControl: true }')
    const date = new Date(clock.wallMs()).toUTCString()
    const headers = { date, 'cache-control': 'max-age=60, must-revalidate' }
    service.otherwise = { text: 'one', headers }
    await ask('a')
    await service.stop()
    clock.advance(59_999)
    expect(await ask('a')).toBe('OK one')
    clock.advance(1)
    expect(await ask('a')).toMatch(/^TEMP /)
  })

  test('a "not found" is shortened and never lengthened', async (t) => {
    const { service, clock, ask } = await start(t, 'cache: { negativeTtl: 10s, honorCacheControl: true }')
    const date = new Date(clock.wallMs()).toUTCString()
    const says = (seconds: number) => ({
      status: 404,
      headers: { date, 'cache-control': `max-age=${seconds}` },
    })
    service.route('/short', says(2), { text: 'new' })
    service.route('/long', says(9999), { text: 'new' })
    expect([await ask('short'), await ask('long')]).toEqual(['NOTFOUND ', 'NOTFOUND '])
    clock.advance(1999)
    expect(await ask('short')).toBe('NOTFOUND ')
    clock.advance(1)
    expect(await ask('short')).toBe('OK new')
    clock.advance(7999)
    expect(await ask('long')).toBe('NOTFOUND ')
    clock.advance(1)
    expect(await ask('long')).toBe('OK new')
  })
})

describe('an answer that is asked for again while it is purged', () => {
  for (const [what, scope] of [
    ['the table', ''],
    ['its key', '?key=Info%40a.example'],
    ['its domain', '?domain=A.example'],
  ] as const) {
    test(`does not come back after a purge of ${what}`, async (t) => {
      const { service, gateway, clock, ask } = await start(t, 'cache: { ttl: 10s }')
      expect(await ask('info@a.example')).toBe('OK one')
      const old = held('one')
      service.otherwise = old.behaviour
      clock.advance(10_000)
      expect(await ask('info@a.example')).toBe('OK one') // and asks in the background
      await service.received(2)
      expect(await (await purge(gateway, scope)).json()).toEqual({ removed: 1, of: 'answers' })
      service.otherwise = { text: 'two' }
      expect(await ask('info@a.example')).toBe('OK two')
      old.release()
      await quiet()
      expect(await ask('info@a.example')).toBe('OK two')
      expect(service.requests).toHaveLength(3)
    })
  }
})

describe('a request that its client does not wait for', () => {
  test('goes on, and its answer is there for the next one who asks', async (t) => {
    const { service, gateway, ask } = await start(t, '')
    const slow = held('late')
    service.otherwise = slow.behaviour
    const wire = new Wire(t, gateway, 'tcp_table')
    const gone = wire.ask('a').catch((error: Error) => error.message)
    await service.received(1)
    wire.close()
    expect(await gone).toBe('closed without a reply')
    slow.release()
    expect(await ask('a')).toBe('OK late')
    expect(service.requests).toHaveLength(1)
  })
})

describe('a failure', () => {
  test('is repeated for one second to lookups of the same key, and never stored', async (t) => {
    const { service, clock, ask } = await start(t, '')
    service.otherwise = { status: 429 }
    expect(await ask('a')).toMatch(/^TEMP /)
    service.otherwise = { text: 'repaired' }
    clock.advance(999)
    expect(await ask('a')).toMatch(/^TEMP /)
    expect(await ask('b')).toBe('OK repaired')
    expect(service.requests).toHaveLength(2)
    clock.advance(1)
    expect(await ask('a')).toBe('OK repaired')
  })

  test('is not repeated for a stale answer: that one is served at once', async (t) => {
    const { service, clock, ask } = await start(t, 'cache: { ttl: 1s, staleWhileRevalidate: 0ms }')
    expect(await ask('a')).toBe('OK one')
    service.otherwise = { status: 500 }
    clock.advance(1000)
    expect([await ask('a'), await ask('a')]).toEqual(['OK one', 'OK one'])
    expect(service.requests).toHaveLength(2)
  })
})

describe('cache: off', () => {
  test('stores nothing, neither found nor not found nor failures', async (t) => {
    const { service, gateway, ask } = await start(t, 'cache: off')
    for (const behaviour of [{ text: 'one' }, { status: 404 }, { status: 500 }]) {
      service.otherwise = behaviour
      await ask('a')
      await ask('a')
    }
    expect(service.requests).toHaveLength(6)
    expect(gateway.gateway.status().tables[0]?.cache).toBeUndefined()
  })

  test('keeps retries', async (t) => {
    const { service, ask } = await start(t, 'cache: off', 'attempts: 2')
    service.route('/a', { status: 500 }, { text: 'second' })
    expect(await ask('a')).toBe('OK second')
  })
})

describe('sideEffects: true', () => {
  test('asks the service once for each lookup, also for equal ones at the same time', async (t) => {
    const { service, gateway, ask } = await start(t, 'sideEffects: true')
    await ask('a')
    await ask('a')
    expect(service.requests).toHaveLength(2)
    const one = held('one')
    service.otherwise = one.behaviour
    const asked = Array.from({ length: 10 }, () => new Wire(t, gateway, 'tcp_table').ask('a'))
    await service.received(12)
    one.release()
    await Promise.all(asked)
    expect(service.requests).toHaveLength(12)
  })

  test('sends nothing twice: no retry, no hedge, no repeat on a closed connection', async (t) => {
    const second = await startHttpService(t)
    second.otherwise = { text: 'second' }
    const { service, gateway, clock, ask } = await start(
      t,
      'sideEffects: true',
      'attempts: 3, hedgeAfter: 10ms',
      `, "${second.origin}"`,
    )
    for (const behaviour of [
      { status: 500 },
      { status: 401 },
      { act: 'reset' },
      { act: 'reset-in-body' },
      { text: 'one' },
      { act: 'reset-if-reused', reply: { text: 'one' } },
    ] as const) {
      service.clear()
      service.otherwise = behaviour
      const reply = await ask('a')
      expect(reply).toMatch('text' in behaviour ? /^OK one$/ : /^(TEMP|PERM) /)
      expect(service.requests).toHaveLength(1)
      await quiet()
    }
    service.clear()
    service.otherwise = { act: 'silence' }
    const slow = new Wire(t, gateway, 'socketmap').ask('a')
    await service.received(1)
    clock.advance(10)
    await quiet()
    clock.advance(2000)
    expect((await slow).kind).toBe('TIMEOUT')
    expect(second.requests).toHaveLength(0)
  })

  test('goes to another endpoint when the connection was refused', async (t) => {
    const second = await startHttpService(t)
    second.otherwise = { text: 'second' }
    const { service, ask } = await start(t, 'sideEffects: true', 'attempts: 2', `, "${second.origin}"`)
    await service.stop()
    expect(await ask('a')).toBe('OK second')
    expect(second.requests).toHaveLength(1)
  })
})

describe('a refused credential', () => {
  for (const status of [401, 403]) {
    test(`${status} asks the other endpoint, and a stale answer is served when all refuse`, async (t) => {
      const second = await startHttpService(t)
      second.otherwise = { text: 'second' }
      const { service, clock, ask } = await start(
        t,
        'cache: { ttl: 1s, staleWhileRevalidate: 0ms }',
        'attempts: 2',
        `, "${second.origin}"`,
      )
      service.otherwise = { status }
      expect(await ask('a')).toBe('OK second')
      second.otherwise = { status }
      clock.advance(2000)
      expect(await ask('a')).toBe('OK second')
      expect(await ask('b')).toMatch(/^PERM the service answered 40[13]; look at its credentials/)
    })
  }
})
