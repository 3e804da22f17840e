/**
 * Circuits, failover, hedges and the retry budget, seen by counting the requests at real services.
 * Time is moved by hand, except in the test that counts retries.
 */
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { type Cleanup, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { quiet, until } from '../../support/wire/sockets.ts'
import { Wire } from './wire.ts'

const OPEN_FOR_MS = 10_000

interface Running {
  readonly services: readonly HttpService[]
  readonly gateway: TestGateway
  readonly clock: ManualClock
  /** Asks a key never asked before; gives the first word of the reply and its value. */
  ask(): Promise<string>
  /** Requests at each service since the last call. */
  counts(): number[]
  circuits(): (string | undefined)[]
}

async function start(t: Cleanup, endpoints: number, upstream: string): Promise<Running> {
  const services: HttpService[] = []
  for (let index = 0; index < endpoints; index++) {
    const service = await startHttpService(t)
    service.otherwise = { text: `from-${index}` }
    services.push(service)
  }
  const clock = new ManualClock()
  const gateway = await startGateway(
    t,
    `${TWO_LISTENERS}
upstreams:
  directory:
    endpoints: ${JSON.stringify(services.map(({ origin }) => origin))}
    circuitBreaker: { failures: 2, openFor: ${OPEN_FOR_MS}ms }
    ${upstream}
tables:
  aliases: { upstream: directory, request: { path: "/{key}" } }
`,
    { clock, random: () => 0 },
  )
  const wire = new Wire(t, gateway, 'socketmap')
  let asked = 0
  return {
    services,
    gateway,
    clock,
    ask: async () => {
      const { kind, text } = await wire.ask(`key-${asked++}`)
      return kind === 'OK' ? text : kind
    },
    counts: () =>
      services.map((service) => {
        const count = service.requests.length
        service.clear()
        return count
      }),
    circuits: () => gateway.gateway.status().upstreams[0]?.endpoints.map(({ circuit }) => circuit) ?? [],
  }
}

const at = (services: readonly HttpService[], index: number): HttpService => {
  const service = services[index]
  if (service === undefined) throw new RangeError(`no service ${index}`)
  return service
}

describe('a circuit', () => {
  test('opens when a known key is not answered, asks for it once an openFor, and closes', async (t) => {
    const { services, clock, ask, counts, circuits } = await start(t, 1, 'attempts: 1')
    const service = at(services, 0)
    expect(await ask()).toBe('OK from-0')
    service.otherwise = { status: 500 }
    counts()
    expect([await ask(), await ask()]).toEqual(['TEMP', 'TEMP'])
    expect(circuits()).toEqual(['closed'])
    expect(await ask()).toBe('TEMP')
    await until(() => circuits()[0] === 'open')
    // Three keys that failed, and the known one three times: a quick failure alone may be one of many.
    expect(counts()).toEqual([6])

    clock.advance(OPEN_FOR_MS - 1)
    expect(await ask()).toBe('TEMP')
    expect(counts()).toEqual([0])

    clock.advance(1)
    await service.received(1)
    expect(await ask()).toBe('TEMP')
    expect(circuits()).toEqual(['open'])
    expect(counts()).toEqual([1])

    service.otherwise = { text: 'fixed' }
    await quiet()
    clock.advance(OPEN_FOR_MS)
    await until(() => circuits()[0] === 'closed')
    expect(await ask()).toBe('OK fixed')
    expect(counts()).toEqual([2])
  })

  test('makes nobody wait while its known key is asked for', async (t) => {
    const { services, clock, ask, counts, circuits } = await start(t, 1, 'attempts: 1')
    const service = at(services, 0)
    await ask()
    service.otherwise = { status: 500 }
    for (let failure = 0; failure < 3; failure++) await ask()
    await until(() => circuits()[0] === 'open')
    counts()

    let release: () => void = () => {}
    service.otherwise = { text: 'fixed', after: new Promise<void>((resolve) => (release = resolve)) }
    clock.advance(OPEN_FOR_MS)
    await service.received(1)
    expect(await ask()).toBe('TEMP')
    expect(counts()).toEqual([1])
    release()
    await until(() => circuits()[0] === 'closed')
  })

  test('stays closed whatever keys fail, while the known one is answered', async (t) => {
    const { services, ask, circuits } = await start(t, 1, 'attempts: 1')
    const service = at(services, 0)
    await ask()
    service.route('/key-0', { text: 'from-0' })
    service.otherwise = { status: 500 }
    for (let failure = 0; failure < 20; failure++) expect(await ask()).toBe('TEMP')
    expect(circuits()).toEqual(['closed'])
  })
})

describe('two endpoints', () => {
  test('are asked in order: the second while the first is down, the first again afterwards', async (t) => {
    const { services, clock, ask, counts, circuits } = await start(t, 2, '')
    expect(await ask()).toBe('OK from-0')
    expect(counts()).toEqual([1, 0])

    await at(services, 0).stop()
    for (let lookup = 0; lookup < 5; lookup++) expect(await ask()).toBe('OK from-1')
    expect(counts()).toEqual([0, 5])
    expect(circuits()).toEqual(['open', 'closed'])

    await at(services, 0).start()
    clock.advance(OPEN_FOR_MS - 1)
    expect(await ask()).toBe('OK from-1')
    clock.advance(1)
    await until(() => circuits()[0] === 'closed')
    expect([await ask(), await ask()]).toEqual(['OK from-0', 'OK from-0'])
  })

  test('share the lookups of a half-open circuit: one trial, all others go to the next at once', async (t) => {
    const { services, gateway, clock, ask, counts, circuits } = await start(t, 2, '')
    const first = at(services, 0)
    first.otherwise = { status: 502 } // before it has found anything, so that nothing is known of it
    for (let lookup = 0; lookup < 5; lookup++) expect(await ask()).toBe('OK from-1')
    expect(circuits()).toEqual(['open', 'closed'])
    clock.advance(OPEN_FOR_MS)
    counts()
    first.otherwise = { act: 'silence' }
    const trial = new Wire(t, gateway, 'tcp_table').ask('trial')
    await first.received(1)
    expect(circuits()).toEqual(['half-open', 'closed'])
    for (let lookup = 0; lookup < 5; lookup++) expect(await ask()).toBe('OK from-1')
    expect(counts()).toEqual([1, 5])
    clock.advance(2000) // the trial's own time-out
    expect((await trial).text).toBe('200 from-1')
  })

  test('keep the pause that one asks for, and the other is asked meanwhile', async (t) => {
    const { services, clock, ask, counts, circuits } = await start(t, 2, '')
    const first = at(services, 0)
    expect(await ask()).toBe('OK from-0')
    first.otherwise = { status: 503, headers: { 'retry-after': '7' } }
    for (let lookup = 0; lookup < 3; lookup++) expect(await ask()).toBe('OK from-1')
    await until(() => circuits()[0] === 'open')
    counts()
    expect(await ask()).toBe('OK from-1')
    expect(counts()).toEqual([0, 1])
    first.otherwise = { text: 'from-0' }
    clock.advance(OPEN_FOR_MS)
    await until(() => circuits()[0] === 'closed')
    expect(await ask()).toBe('OK from-0')
  })

  test('both asked, when the first is slow: the hedge wins, and the slow request is ended', async (t) => {
    const { services, clock, ask, counts } = await start(t, 2, 'hedgeAfter: 100ms')
    const first = at(services, 0)
    first.otherwise = { act: 'silence' }
    const reply = ask()
    await first.received(1)
    clock.advance(99)
    await quiet()
    expect(at(services, 1).requests).toHaveLength(0)
    clock.advance(1)
    expect(await reply).toBe('OK from-1')
    await first.closed(1)
    expect(counts()).toEqual([1, 1])
  })
})

test('retries stay within a tenth of the requests in a total outage', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { act: 'reset' }
  const gateway = await startGateway(
    t,
    `${TWO_LISTENERS}
upstreams:
  directory: { endpoints: ["${service.origin}"], attempts: 10, circuitBreaker: { failures: 1000 } }
tables:
  aliases: { upstream: directory, request: { path: "/{key}" } }
`,
  )
  const wires = Array.from(
    { length: 20 },
    (_, at) => new Wire(t, gateway, at % 2 === 0 ? 'socketmap' : 'tcp_table'),
  )
  const asked = wires.flatMap((wire, index) =>
    Array.from({ length: 20 }, (_, at) => wire.ask(`k${index}-${at}`)),
  )
  const replies = await Promise.all(asked)
  expect(new Set(replies.map(({ kind }) => kind))).toEqual(new Set(['TEMP', '400']))
  // 400 first requests; never under 10 retries a minute, never over 40.
  expect(service.requests.length).toBeGreaterThanOrEqual(410)
  expect(service.requests.length).toBeLessThanOrEqual(440)
})
