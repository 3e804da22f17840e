/**
 * Every way in which a service or the network can fail, made to happen, with real sockets.
 */
import { getEventListeners, once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Clock, systemClock } from '../../../src/core/clock.ts'
import { HTTP_REASONS } from '../../../src/upstreams/http-client/reasons.ts'
import {
  openPools,
  requestSettings,
  tableSettings,
  upstreamSettings,
} from '../../support/http/http-endpoint.ts'
import { type Behaviour, startHttpService } from '../../support/http/http-service.ts'
import { LONG_MS, reasonOf, serviceAnd, summary, t } from './failures-set-up.ts'

describe('a failed request is temporary', () => {
  const cases: [sentence: string, behaviour: Behaviour, expected: string][] = [
    ['when the connection is reset before the reply', { act: 'reset' }, 'connect endpoint any'],
    ['when the connection is reset in the body', { act: 'reset-in-body' }, 'connect endpoint any'],
    ['when the reply is not HTTP', { act: 'raw', bytes: 'SSH-2.0-x\r\n\r\n' }, 'unreadable key any'],
    [
      'when the status is below 100',
      { act: 'raw', bytes: 'HTTP/1.1 099 x\r\ncontent-length: 0\r\n\r\n' },
      'unreadable key any',
    ],
    [
      'when the connection ends in the head',
      { act: 'raw', bytes: 'HTTP/1.1 200 OK\r\nx-a: b' },
      'connect endpoint any',
    ],
    ['when the connection ends without a byte', { act: 'raw', bytes: '' }, 'connect endpoint any'],
    [
      'when the head is too large',
      { act: 'raw', bytes: `HTTP/1.1 200 OK\r\nx-a: ${'b'.repeat(20_000)}\r\n\r\n` },
      'unreadable key any',
    ],
    [
      'when the body is shorter than announced',
      { act: 'raw', bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\nabc' },
      'unreadable key any',
    ],
    [
      'when the service upgrades to something nobody asked for',
      { act: 'raw', bytes: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n' },
      'connect endpoint any',
    ],
  ]
  for (const [sentence, behaviour, expected] of cases) {
    test(sentence, async () => {
      const { endpoint } = await serviceAnd(behaviour)
      expect(summary(await endpoint.send('a', { timeoutMs: LONG_MS }))).toBe(expected)
    })
  }

  for (const status of [200, 404]) {
    test(`when the connection is reset in the body of a ${status} that has no other end`, async () => {
      const server = createServer((socket) => {
        socket.once('data', () => {
          socket.write(`HTTP/1.1 ${status} x\r\ncontent-type: text/plain\r\n\r\nbob@a.exa`)
          // Later than the write, since a reset throws away what was not read yet.
          setTimeout(() => socket.resetAndDestroy(), 50)
        })
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
      const port = (server.address() as { port: number }).port
      const pools = openPools(t, upstreamSettings([{ origin: `http://127.0.0.1:${port}` }]))
      const reply = await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: LONG_MS })
      expect(summary(reply)).toBe('connect endpoint any')
    })
  }

  test('when a body without an end of its own is empty, whatever transfer coding it names', async () => {
    const bytes = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: identity\r\n\r\n'
    const { endpoint } = await serviceAnd({ act: 'raw', bytes })
    expect(summary(await endpoint.send('a', { timeoutMs: LONG_MS }))).toBe('unreadable key any')
  })

  for (const [sentence, behaviour, { text }, evidence] of [
    ['says nothing', { act: 'silence' }, HTTP_REASONS.noAnswerInTime, 'endpoint'],
    ['stops in the body', { act: 'stall-in-body' }, HTTP_REASONS.incompleteInTime, 'key'],
    ['sends one byte now and then', { act: 'drip', everyMs: 20 }, HTTP_REASONS.incompleteInTime, 'key'],
  ] as const) {
    test(`when the service ${sentence} until the time limit`, async () => {
      const { endpoint } = await serviceAnd(behaviour)
      const startedMs = performance.now()
      const reply = await endpoint.send('a', { timeoutMs: 150 })
      const tookMs = performance.now() - startedMs
      expect(summary(reply)).toBe(`timeout ${evidence} any`)
      expect(reasonOf(reply)).toBe(text)
      expect(tookMs, `took ${tookMs} ms`).toBeGreaterThanOrEqual(149)
      expect(tookMs, `took ${tookMs} ms`).toBeLessThan(400)
    })
  }

  test('when the service refuses connections, and nothing was sent', async () => {
    const { service, endpoint } = await serviceAnd({ text: 'x' })
    await service.stop()
    expect(summary(await endpoint.send('a', { timeoutMs: LONG_MS }))).toBe('connect endpoint not-sent')
  })

  test('when the host name does not exist, and nothing was sent', async () => {
    const upstream = upstreamSettings([{ origin: 'http://nowhere.invalid:80' }])
    const endpoint = openPools(t, upstream).endpoint(tableSettings(), 0)
    expect(summary(await endpoint.send('a', { timeoutMs: LONG_MS }))).toBe('connect endpoint not-sent')
  })

  test('when the unix socket is not there, and nothing was sent', async () => {
    const upstream = upstreamSettings([{ socketPath: '/nowhere.example/socket' }])
    const endpoint = openPools(t, upstream).endpoint(tableSettings(), 0)
    expect(summary(await endpoint.send('a', { timeoutMs: LONG_MS }))).toBe('connect endpoint not-sent')
  })

  test('when the other side does not speak TLS, and the credentials are looked at again', async () => {
    const service = await startHttpService(t)
    const refused: string[] = []
    const upstream = upstreamSettings([{ origin: service.origin.replace('http:', 'https:') }])
    const pools = openPools(t, upstream, undefined, (name, why) => refused.push(`${name} ${why}`))
    const reply = await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: LONG_MS })
    expect(summary(reply)).toBe('connect endpoint not-sent')
    expect(refused).toStrictEqual(['0:dir1.example tls'])
  })

  test('when the connection is accepted and TLS never begins, within the time limit', async () => {
    const server = createServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const upstream = upstreamSettings([{ origin: `https://127.0.0.1:${port}` }])
    const endpoint = openPools(t, upstream).endpoint(tableSettings(), 0)
    const reply = await endpoint.send('a', { timeoutMs: 100 })
    expect(summary(reply)).toBe('timeout endpoint not-sent')
  })
})

test('401 has the credentials looked at again', async () => {
  const service = await startHttpService(t)
  service.otherwise = { status: 401 }
  const refused: string[] = []
  const upstream = upstreamSettings([{ origin: service.origin }])
  const pools = openPools(t, upstream, undefined, (name, why) => refused.push(`${name} ${why}`))
  await pools.endpoint(tableSettings(), 0).send('a', { timeoutMs: LONG_MS })
  expect(refused).toStrictEqual(['0:dir1.example status'])
})

test('a reply that is complete leaves no listener on a signal that lives on', async () => {
  const { endpoint } = await serviceAnd({ text: 'x' })
  const { signal } = new AbortController()
  await endpoint.send('a', { timeoutMs: LONG_MS, signal })
  expect(getEventListeners(signal, 'abort').length).toBe(0)
})

test('a body that does not matter is not waited for, and not read on when it is large', async () => {
  for (const announced of [true, false]) {
    const length = announced ? 'content-length: 10000000' : 'transfer-encoding: chunked'
    const chunk = announced ? 'x'.repeat(1000) : `3e8\r\n${'x'.repeat(1000)}\r\n`
    const bytes = `HTTP/1.1 503 Busy\r\n${length}\r\nretry-after: 7\r\n\r\n${chunk.repeat(100)}`
    const { service, endpoint } = await serviceAnd({ act: 'raw', bytes })
    const reply = await endpoint.send('a', { timeoutMs: LONG_MS })
    expect(summary(reply)).toBe('status endpoint any')
    expect(reply.retryAfterMs).toBe(7000)
    await service.closed(1)
  }
})

test('a body that announces too much is not waited for', async () => {
  const bytes = 'HTTP/1.1 200 OK\r\ncontent-length: 1048577\r\n\r\n'
  const { endpoint } = await serviceAnd({ act: 'raw', bytes })
  const reply = await endpoint.send('a', { timeoutMs: LONG_MS })
  expect(summary(reply)).toBe('unreadable key any')
  expect(reasonOf(reply)).toMatch(/larger than 1048576 bytes; see maxBodyBytes/)
})

test('an interim reply is not the reply', async () => {
  const bytes = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx'
  const { endpoint } = await serviceAnd({ act: 'raw', bytes })
  expect((await endpoint.send('a', { timeoutMs: LONG_MS })).result).toStrictEqual({
    kind: 'found',
    value: 'x',
  })
})

describe('a time limit that is noticed late, because the machine stood still,', () => {
  /** Runs timers by hand at whatever time it is. */
  function stalling() {
    const timers: { delayMs: number; run: () => void }[] = []
    let nowMs = 0
    const clock: Clock = {
      monotonicMs: () => nowMs,
      wallMs: () => nowMs,
      after: (delayMs, run) => {
        timers.push({ delayMs, run })
        return { cancel: () => {} }
      },
      afterTurn: systemClock.afterTurn,
    }
    const fire = (at: number, atMs: number) => {
      nowMs = atMs
      timers[at]?.run()
    }
    return { clock, timers, fire }
  }

  for (const [lateMs, expected] of [
    [100, 'timeout endpoint any'],
    [101, 'found'],
  ] as const) {
    test(`by ${lateMs} ms: a reply that has arrived meanwhile is "${expected}"`, async () => {
      const service = await startHttpService(t)
      let release: () => void = () => {}
      const after = new Promise<void>((resolve) => {
        release = resolve
      })
      service.otherwise = { text: 'x', after }
      const { clock, fire } = stalling()
      const endpoint = openPools(t, upstreamSettings([{ origin: service.origin }]), clock).endpoint(
        tableSettings(),
        0,
      )
      const reply = endpoint.send('a', { timeoutMs: 1000 })
      await service.received(1)
      fire(0, 1000 + lateMs)
      release()
      expect(summary(await reply)).toBe(expected)
    })
  }

  test('ends the request all the same when no reply has arrived', async () => {
    const service = await startHttpService(t)
    service.otherwise = { act: 'silence' }
    const { clock, timers, fire } = stalling()
    const endpoint = openPools(t, upstreamSettings([{ origin: service.origin }]), clock).endpoint(
      tableSettings(),
      0,
    )
    const reply = endpoint.send('a', { timeoutMs: 1000 })
    await service.received(1)
    fire(0, 60_000)
    expect(timers[1]?.delayMs).toBe(10)
    fire(1, 60_010)
    expect(summary(await reply)).toBe('timeout endpoint any')
  })
})

test('a stopped upstream answers "stopping"', async () => {
  const service = await startHttpService(t)
  const pools = openPools(t, upstreamSettings([{ origin: service.origin }]))
  const endpoint = pools.endpoint(tableSettings(), 0)
  service.otherwise = { act: 'silence' }
  const underWay = endpoint.send('a', { timeoutMs: LONG_MS })
  await service.received(1)
  await pools.destroy()
  expect(summary(await underWay)).toBe('stopping none none')
  expect(summary(await endpoint.send('b', { timeoutMs: LONG_MS }))).toBe('stopping none none')
})

test('what is a mistake of ours rejects, and is not taken for an answer', async () => {
  const { endpoint } = await serviceAnd(
    { text: 'x' },
    { request: requestSettings({ headers: new Map([['transfer-encoding', 'chunked']]) }) },
  )
  await expect(endpoint.send('a', { timeoutMs: LONG_MS })).rejects.toThrow(/invalid transfer-encoding header/)
})
