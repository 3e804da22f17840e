/**
 * A healthy service of a thousand entries that loses some of them: what is deleted on purpose is "not found" soon, and of
 * lost data nothing is.
 */
import { describe, expect, test, vi } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, type Reply, startHttpService } from '../../support/http/http-service.ts'
import { seededRandom } from '../../support/traffic/seeded.ts'
import { testDirectory } from '../../support/wire/sockets.ts'

const MINUTE = 60_000

/** 900 mailboxes of one domain, 100 of another. */
const MAILBOXES = Array.from({ length: 1000 }, (_, index) =>
  index % 10 === 0 ? `user${index}@b.example` : `user${index}@a.example`,
)

const yaml = (origin: string, folder: string, more: string, staleIfError: string) => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { directory: { endpoints: ["${origin}"], attempts: 1 } }
tables:
  mailboxes:
    upstream: directory
    request: { path: "/mailboxes/{key}" }
    cache: { ttl: 1m, negativeTtl: 1m, staleWhileRevalidate: 1m, staleIfError: ${staleIfError} }
    ${more}
cacheFile: ${folder}/cache
`

const BATCH = 'batch: { path: /many, json: { keys: "{keys}" }, maxKeys: 50 }'

async function start(t: Cleanup, more = '', staleIfError = '1d') {
  const known = new Set(MAILBOXES)
  const service = await startHttpService(t)
  service.otherwise = ({ url, body }): Reply => {
    if (url === '/many') {
      const { keys } = JSON.parse(body.toString()) as { keys: string[] }
      return { json: Object.fromEntries(keys.map((key) => [key, known.has(key) ? 'box' : null])) }
    }
    return known.has(decodeURIComponent(url.slice('/mailboxes/'.length))) ? { text: 'box' } : { status: 404 }
  }
  const folder = testDirectory()
  const clock = new ManualClock()
  const run = async () => {
    const gateway = await startGateway(t, yaml(service.origin, folder, more, staleIfError), {
      clock,
      random: seededRandom(7),
      folder,
    })
    /** Asks for all at once, and counts the results. */
    const ask = async (keys: readonly string[]) => {
      const counts: Record<string, number> = {}
      for (let from = 0; from < keys.length; from += 20) {
        const asked = keys
          .slice(from, from + 20)
          .map((key) =>
            gateway.gateway.lookup({ protocol: 'socketmap', table: 'mailboxes', key: Buffer.from(key) }),
          )
        for (const { kind } of await Promise.all(asked)) counts[kind] = (counts[kind] ?? 0) + 1
      }
      return counts
    }
    return { gateway, ask }
  }
  const lose = (keys: readonly string[]) => {
    for (const key of keys) known.delete(key)
    service.requests.length = 0
  }
  const first = await run()
  expect(await first.ask(MAILBOXES)).toEqual({ found: 1000 })
  return { ...first, clock, run, lose, service }
}

async function isHolding(gateway: TestGateway): Promise<boolean> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  return text.includes('mapgate_loss_guard_active{table="mailboxes"} 1')
}

const part = (share: number) => MAILBOXES.filter((_, index) => index % 100 < share * 100)

describe('of a thousand entries', () => {
  for (const [share, more] of [
    [0.3, ''],
    [1, ''],
    [0.3, BATCH],
    [0.3, 'canary: { key: user50@b.example }'],
  ] as const) {
    test(`${share * 100} % vanish: none of them is "not found", and the metric tells${more && `, with ${more}`}`, async (t) => {
      const { ask, clock, gateway, lose } = await start(t, more)
      const gone = part(share)
      clock.advance(3 * MINUTE)
      lose(gone)
      expect(await ask(gone)).toEqual({ found: gone.length })
      expect(await isHolding(gateway)).toBe(true)
      expect(await ask(MAILBOXES)).toEqual({ found: 1000 })
      expect(await ask(['stranger@a.example'])).toEqual({ notfound: 1 })
      clock.advance(15 * MINUTE)
      expect(await isHolding(gateway)).toBe(false)
    })
  }

  test('30 % vanish, the canary among them: nothing is "not found", of strangers neither', async (t) => {
    const { ask, clock, lose } = await start(t, 'canary: { key: user10@b.example, maxAge: 0s }')
    const gone = part(0.3)
    clock.advance(3 * MINUTE)
    lose(gone)
    expect(await ask(gone)).toEqual({ found: 300 })
    expect(await ask(['stranger@a.example'])).toEqual({ temporary: 1 })
  })

  test('30 % vanish, and are only refreshed behind answers: none is "not found" at the next lookup', async (t) => {
    const { ask, clock, gateway, lose } = await start(t)
    const gone = part(0.3)
    clock.advance(90_000)
    lose(gone)
    expect(await ask(gone)).toEqual({ found: 300 })
    // The sample waits while refreshes have the slots.
    await vi.waitFor(
      async () => {
        clock.advance(100)
        expect(await isHolding(gateway)).toBe(true)
      },
      { timeout: 5000 },
    )
    expect(await ask(gone)).toEqual({ found: 300 })
  })

  test('30 % vanish while the gateway is stopped: none is "not found" when it is back with its cache file', async (t) => {
    const { clock, gateway, run, lose } = await start(t)
    await gateway.gateway.stop()
    const gone = part(0.3)
    lose(gone)
    clock.advance(3 * MINUTE)
    const second = await run()
    expect(await second.ask(gone)).toEqual({ found: 300 })
    expect(await isHolding(second.gateway)).toBe(true)
  })

  test('30 % vanish after their answers have expired: they wait', async (t) => {
    const { ask, clock, lose } = await start(t, '', '5m')
    const gone = part(0.3)
    clock.advance(6 * MINUTE)
    lose(gone)
    expect(await ask(gone)).toEqual({ temporary: 300 })
  })

  test('one is deleted: it is "not found" at its next refresh, and forty others are asked for', async (t) => {
    const { ask, clock, gateway, lose, service } = await start(t)
    clock.advance(3 * MINUTE)
    lose(MAILBOXES.slice(0, 1))
    expect(await ask(MAILBOXES.slice(0, 1))).toEqual({ notfound: 1 })
    expect(new Set(service.requests.map(({ url }) => url).filter((url) => url.includes('user'))).size).toBe(
      41,
    )
    expect(await isHolding(gateway)).toBe(false)
  })

  test('a second one is deleted within 20 s: it is served stale until the next sample', async (t) => {
    const { ask, clock, lose, service } = await start(t)
    clock.advance(3 * MINUTE)
    lose(MAILBOXES.slice(0, 1))
    expect(await ask(MAILBOXES.slice(0, 1))).toEqual({ notfound: 1 })
    lose(MAILBOXES.slice(1, 2))
    expect(await ask(MAILBOXES.slice(1, 2))).toEqual({ found: 1 })
    clock.advance(19_999)
    expect(await ask(MAILBOXES.slice(1, 2))).toEqual({ found: 1 })
    const asked = service.requests.length
    clock.advance(1)
    await vi.waitFor(() => expect(service.requests.length).toBeGreaterThanOrEqual(asked + 40))
    await vi.waitFor(async () => {
      clock.advance(1000) // a key that failed is asked again a second later
      expect(await ask(MAILBOXES.slice(1, 2))).toEqual({ notfound: 1 })
    })
  })

  for (const [what, gone] of [
    ['5 % are deleted', part(0.05)],
    ['a domain of a tenth is deleted', MAILBOXES.filter((key) => key.endsWith('@b.example'))],
  ] as const) {
    test(`${what}: each is "not found" half a minute later at the latest`, async (t) => {
      const { ask, clock, gateway, lose } = await start(t)
      clock.advance(3 * MINUTE)
      lose(gone)
      await ask(gone)
      clock.advance(20_000)
      // The sample that is due by now runs over real sockets, and a key that failed is asked again a second later.
      await vi.waitFor(
        async () => {
          clock.advance(1000)
          expect(await ask(gone)).toEqual({ notfound: gone.length })
        },
        { interval: 200, timeout: 5000 },
      )
      expect(await isHolding(gateway)).toBe(false)
    })
  }
})
