/**
 * Many lookups at once, over real sockets: what the service is asked, and how long anybody waits.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { type Cleanup, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { quiet, until } from '../../support/wire/sockets.ts'
import { FOUND, PROTOCOLS, Wire, type WireProtocol, type WireReply } from './wire.ts'

/** Ours: client, gateway and service share one process, so 10,000 lookups take some seconds. */
const DEADLINE_MS = 20_000

function aliases({ origin }: HttpService, upstream = '', table = ''): string {
  return `${TWO_LISTENERS}
upstreams:
  directory: { endpoints: ["${origin}"], ${upstream} }
tables:
  aliases: { upstream: directory, request: { path: "/aliases/{key}" }, deadline: ${DEADLINE_MS}ms, ${table} }
`
}

/** For the tests of many thousand lookups, ms. Ours: ten times what an idle machine needs. */
const LONG_TEST_MS = 90_000

/** So many connections, every other one of the other protocol. */
function connections(
  t: Cleanup,
  gateway: TestGateway,
  count: number,
): { wire: Wire; protocol: WireProtocol }[] {
  return Array.from({ length: count }, (_, at) => {
    const protocol = at % 2 === 0 ? 'socketmap' : 'tcp_table'
    return { protocol, wire: new Wire(t, gateway, protocol) }
  })
}

const openConnections = (gateway: TestGateway) =>
  gateway.gateway.status().listeners.reduce((sum, { connections }) => sum + connections, 0)

describe('1,000 lookups of one key, on as many connections of both protocols', () => {
  test('make one request, and all get its answer', async (t) => {
    const service = await startHttpService(t)
    let release: () => void = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    service.otherwise = { text: 'x@b.example', after }
    const gateway = await startGateway(t, aliases(service, 'timeout: 20s'))
    const asked = connections(t, gateway, 1000).map(({ wire }) => wire.ask('info@a.example'))
    await service.received(1)
    await until(() => openConnections(gateway) === 1000)
    await quiet()
    release()
    const replies = await Promise.all(asked)
    expect(new Set(replies.map(({ text }) => text))).toEqual(new Set(['OK x@b.example', '200 x@b.example']))
    expect(service.requests).toHaveLength(1)
  })

  test('make one request also when nothing is stored', async (t) => {
    const service = await startHttpService(t)
    let release: () => void = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    service.otherwise = { text: 'x@b.example', after }
    const gateway = await startGateway(t, aliases(service, 'timeout: 20s', 'cache: off'))
    const asked = connections(t, gateway, 100).map(({ wire }) => wire.ask('info@a.example'))
    await until(() => openConnections(gateway) === 100)
    await service.received(1)
    await quiet()
    release()
    for (const { kind } of await Promise.all(asked)) expect(['OK', '200']).toContain(kind)
    expect(service.requests).toHaveLength(1)
  })
})

describe('10,000 different keys with 64 places', () => {
  const slow = (service: HttpService) => {
    service.otherwise = () => ({ text: 'x@b.example', after: delay(5) })
  }

  /** On 1,000 connections, ten each. */
  async function askAll(t: Cleanup, gateway: TestGateway): Promise<WireReply[]> {
    // No more at once than a listening socket keeps for its program (511): the kernel has the others come again after seconds.
    const wires: { wire: Wire }[] = []
    while (wires.length < 1000) {
      wires.push(...connections(t, gateway, 100))
      await until(() => openConnections(gateway) === wires.length)
    }
    const asked = wires.map(async ({ wire }, connection) => {
      const replies: WireReply[] = []
      for (let at = 0; at < 10; at++) replies.push(await wire.ask(`k${connection}-${at}@a.example`))
      return replies
    })
    return (await Promise.all(asked)).flat()
  }

  test('are never more than 64 at the service, and all are answered from the queue in time', {
    timeout: LONG_TEST_MS,
  }, async (t) => {
    const service = await startHttpService(t)
    slow(service)
    const gateway = await startGateway(
      t,
      aliases(service, 'maxConcurrent: 64, maxQueued: 1000, timeout: 20s'),
    )
    const replies = await askAll(t, gateway)
    expect(replies).toHaveLength(10_000)
    for (const { kind, text, tookMs } of replies) {
      expect(['OK', '200'], text).toContain(kind)
      expect(tookMs).toBeLessThan(DEADLINE_MS)
    }
    expect(service.maxConcurrent).toBeLessThanOrEqual(64)
    expect(service.open).toBeLessThanOrEqual(64)
    // A busy machine may have the gateway ask again for a key that was found, to know whether the service answers.
    expect(new Set(service.requests.map(({ url }) => url)).size).toBe(10_000)
  })

  test('are shed at once where the queue is full, and never become "not found"', async (t) => {
    const service = await startHttpService(t)
    let release: () => void = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    service.otherwise = { text: 'x@b.example', after }
    const gateway = await startGateway(t, aliases(service, 'maxConcurrent: 64, maxQueued: 100, timeout: 20s'))
    const shed: WireReply[] = []
    const asked = connections(t, gateway, 1000).map(async ({ wire }, at) => {
      const reply = await wire.ask(`k${at}@a.example`)
      if (reply.kind === 'TEMP' || reply.kind === '400') shed.push(reply)
      return reply
    })
    // The service has answered nobody yet: a lookup that has a reply now did not wait for it.
    await until(() => shed.length === 1000 - 64 - 100)
    for (const { text } of shed) expect(text).toMatch(/too( |%20)many( |%20)lookups/)
    expect(service.requests.length).toBeLessThanOrEqual(64)
    release()
    const found = (await Promise.all(asked)).filter(({ kind }) => kind === 'OK' || kind === '200')
    expect(found).toHaveLength(164)
    expect(service.requests).toHaveLength(164)
  })

  test('get their reply by the deadline from a service that says nothing', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { act: 'silence' }
    const text = aliases(service, 'maxConcurrent: 64, maxQueued: 1000, timeout: 60s')
    const gateway = await startGateway(t, text.replace(`deadline: ${DEADLINE_MS}ms`, 'deadline: 300ms'))
    const asked = connections(t, gateway, 1000).map(({ wire }, at) => wire.ask(`k${at}@a.example`))
    for (const { kind, tookMs } of await Promise.all(asked)) {
      expect(['TEMP', 'TIMEOUT', '400']).toContain(kind)
      expect(tookMs).toBeLessThan(10_000)
    }
    expect(service.maxConcurrent).toBeLessThanOrEqual(64)
  })

  test('asked all at one moment by one door, are queued or shed, each in time', async (t) => {
    const service = await startHttpService(t)
    slow(service)
    const gateway = await startGateway(
      t,
      aliases(service, 'maxConcurrent: 64, maxQueued: 1000, timeout: 20s'),
    )
    const results = await Promise.all(
      Array.from({ length: 10_000 }, (_, at) =>
        gateway.gateway.lookup({ protocol: 'admin', table: 'aliases', key: Buffer.from(`k${at}`) }),
      ),
    )
    expect(results.filter(({ kind }) => kind === 'found')).toHaveLength(1064)
    expect(
      results.filter((result) => result.kind === 'temporary' && result.cause === 'overload'),
    ).toHaveLength(8936)
    expect(service.maxConcurrent).toBeLessThanOrEqual(64)
  })
})

describe('a dictionary attack of 20,000 unknown keys over HTTP', () => {
  const GOOD = 500
  const ATTACK = 20_000
  const MOST_NEGATIVE = 2000
  /** Memory of one table's store: the found answers, and as much again for the others. */
  const MAX_BYTES = 1_048_576

  test('pushes no good answer out, and memory stays within its bounds', {
    timeout: LONG_TEST_MS,
  }, async (t) => {
    const service = await startHttpService(t)
    service.otherwise = ({ url }) =>
      url.startsWith('/aliases/good') ? { text: `${url.length}@b.example` } : { status: 404 }
    const gateway = await startGateway(
      t,
      aliases(
        service,
        'timeout: 20s',
        `cache: { maxNegativeEntries: ${MOST_NEGATIVE}, maxBytes: ${MAX_BYTES}B }`,
      ),
    )
    const wires = connections(t, gateway, 64)
    const askEach = (count: number, keyOf: (at: number) => string): Promise<WireReply>[] =>
      Array.from({ length: count }, (_, at) => (wires[at % 64] as { wire: Wire }).wire.ask(keyOf(at)))

    const before = await Promise.all(askEach(GOOD, (at) => `good${at}@a.example`))
    const misses = await Promise.all(askEach(ATTACK, (at) => `guess${at}@a.example`))
    expect(new Set(misses.map(({ kind }) => kind))).toEqual(new Set(['NOTFOUND', '500']))
    // Each once. A good key may be asked for again, as the question whose answer is known.
    expect(service.requests.filter(({ url }) => url.startsWith('/aliases/guess'))).toHaveLength(ATTACK)

    await service.stop()
    const after = await Promise.all(askEach(GOOD, (at) => `good${at}@a.example`))
    expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text))
    const store = gateway.gateway.status().tables[0]?.cache
    expect(store?.foundEntries).toBe(GOOD)
    expect(store?.negativeEntries).toBe(MOST_NEGATIVE)
    expect(store?.bytes).toBeLessThanOrEqual(2 * MAX_BYTES)
    for (const [at, protocol] of PROTOCOLS.entries()) expect(after[at]?.kind).toBe(FOUND[protocol])
  })
})
