/**
 * "Not found" bounces mail: how long it is believed, and that a broken service cannot say it.
 */
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { type Cleanup, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { quiet, testDirectory } from '../../support/wire/sockets.ts'
import { Wire } from './wire.ts'

const NEGATIVE_TTL_MS = 10_000

interface Running {
  readonly gateway: TestGateway
  readonly clock: ManualClock
  /** Asks over one protocol after the other; gives both first words. */
  ask(key: string): Promise<string>
}

async function start(
  t: Cleanup,
  services: readonly HttpService[],
  table = '',
  folder?: string,
): Promise<Running> {
  const clock = new ManualClock()
  const gateway = await startGateway(
    t,
    `${TWO_LISTENERS}
upstreams:
  directory: { endpoints: ${JSON.stringify(services.map(({ origin }) => origin))}, attempts: 1 }
tables:
  aliases: { upstream: directory, request: { path: "/{key}" }, ${table} }
${folder === undefined ? '' : `cacheFile: ${folder}/cache`}
`,
    { clock, random: () => 0, folder },
  )
  const wires = [new Wire(t, gateway, 'socketmap'), new Wire(t, gateway, 'tcp_table')]
  const ask = async (key: string) => {
    const kinds: string[] = []
    for (const wire of wires) kinds.push((await wire.ask(key)).kind)
    return kinds.join(' ')
  }
  return { gateway, clock, ask }
}

describe('a mailbox created right after a miss', () => {
  for (const [when, endpoints] of [
    ['in good times', 1],
    ['in an outage of another endpoint', 2],
  ] as const) {
    test(`is found negativeTtl later at the latest, ${when}`, async (t) => {
      const services = [await startHttpService(t), await startHttpService(t)].slice(2 - endpoints)
      const service = services.at(-1) as HttpService
      if (endpoints === 2) await services[0]?.stop()
      const { clock, ask } = await start(t, services)
      expect(await ask('new')).toBe('NOTFOUND 500')
      service.otherwise = { text: 'here' }
      clock.advance(NEGATIVE_TTL_MS - 1)
      expect(await ask('new')).toBe('NOTFOUND 500')
      clock.advance(1)
      expect(await ask('new')).toBe('OK 200')
    })
  }

  test('is unknown for now, not absent, when every endpoint goes down after the miss', async (t) => {
    const service = await startHttpService(t)
    const { clock, ask } = await start(t, [service])
    expect(await ask('new')).toBe('NOTFOUND 500')
    await service.stop()
    clock.advance(NEGATIVE_TTL_MS)
    expect(await ask('new')).toBe('TEMP 400')
  })
})

describe('with a canary, a service that answers 404 to everything', () => {
  const CANARY = 'canary: { key: postmaster, every: 30s, maxAge: 1s }'
  const healthy = (service: HttpService) => {
    service.otherwise = ({ url }) => (/^\/(postmaster|known)$/.test(url) ? { text: 'here' } : { status: 404 })
  }

  test('from the start, bounces nobody', async (t) => {
    const service = await startHttpService(t)
    const { clock, ask } = await start(t, [service], CANARY)
    for (let lookup = 0; lookup < 3; lookup++) {
      expect(await ask(`key${lookup}`)).toBe('TEMP 400')
      clock.advance(5000)
    }
  })

  test('from some moment on, bounces nobody from the first request on that comes maxAge later', async (t) => {
    const service = await startHttpService(t)
    healthy(service)
    const { gateway, clock, ask } = await start(
      t,
      [service],
      `${CANARY}, cache: { ttl: 1s, negativeTtl: 1h }`,
    )
    expect(await ask('known')).toBe('OK 200')
    expect(await ask('absent')).toBe('NOTFOUND 500')

    clock.advance(1001)
    service.otherwise = { status: 404 }
    for (let lookup = 0; lookup < 3; lookup++) expect(await ask(`key${lookup}`)).toBe('TEMP 400')
    // What was stored before: "not found" is not used any more, found is.
    expect(await ask('absent')).toBe('TEMP 400')
    expect(await ask('known')).toBe('OK 200')
    expect(gateway.gateway.status().tables[0]?.canaries).toMatchObject([{ state: 'missing' }])

    // Found answers beyond their stale-while-revalidate time are served as well.
    clock.advance(3_600_000)
    await quiet()
    expect(await ask('known')).toBe('OK 200')

    healthy(service)
    clock.advance(30_000)
    await service.received(service.requests.length + 1)
    await quiet()
    expect(await ask('absent')).toBe('NOTFOUND 500')
  })

  test('bounces nobody from its very first reply on where maxAge is 0s', async (t) => {
    const service = await startHttpService(t)
    healthy(service)
    const { clock, ask } = await start(t, [service], 'canary: { key: postmaster, maxAge: 0s }')
    expect(await ask('absent')).toBe('NOTFOUND 500')
    clock.advance(1)
    service.otherwise = { status: 404 }
    expect(await ask('other')).toBe('TEMP 400')
  })

  test('has its lookups answered by an endpoint that works', async (t) => {
    const [broken, working] = [await startHttpService(t), await startHttpService(t)]
    healthy(working)
    const { ask } = await start(t, [broken, working], CANARY)
    expect(await ask('known')).toBe('OK 200')
    expect(await ask('absent')).toBe('NOTFOUND 500')
  })

  test('bounces nobody while its canary is slow', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = ({ url }) => (url === '/postmaster' ? { act: 'silence' } : { status: 404 })
    const { gateway, clock } = await start(t, [service], CANARY)
    const replies = [
      new Wire(t, gateway, 'socketmap').ask('absent'),
      new Wire(t, gateway, 'tcp_table').ask('absent'),
    ]
    await service.received(2)
    await quiet()
    clock.advance(5000)
    expect((await Promise.all(replies)).map(({ kind }) => kind)).not.toContain('NOTFOUND')
    expect((await Promise.all(replies)).map(({ kind }) => kind)).toContain('400')
  })
})

test('a stored "not found" is not used after a restart before its canary was found', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = ({ url }) => (url === '/postmaster' ? { text: 'here' } : { status: 404 })
  const folder = testDirectory()
  const table = (canary: string) => `${canary} cache: { negativeTtl: 1h }`
  for (const [canary, expected] of [
    ['canary: { key: postmaster },', 'TEMP 400'],
    ['', 'NOTFOUND 500'], // without one a fresh "not found" is the service's own word
  ] as const) {
    const before = await start(t, [service], table(canary), folder)
    expect(await before.ask('absent')).toBe('NOTFOUND 500')
    await service.stop()
    await before.gateway.gateway.stop()
    const after = await start(t, [service], table(canary), folder)
    expect(await after.ask('absent')).toBe(expected)
    await after.gateway.gateway.stop()
    await service.start()
  }
})
