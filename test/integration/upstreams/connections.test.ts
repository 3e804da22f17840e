import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'
import { openPools, tableSettings, upstreamSettings } from '../../support/http/http-endpoint.ts'
import { type Behaviour, startHttpService } from '../../support/http/http-service.ts'
import { LONG_MS, serviceAnd, summary, t } from './failures-set-up.ts'

describe('a kept-alive connection that was closed', () => {
  const closing: Behaviour = { act: 'reset-if-reused', reply: { text: 'x' } }

  test('has its request repeated once, unseen', async () => {
    const { service, endpoint } = await serviceAnd(closing)
    await endpoint.send('a', { timeoutMs: LONG_MS })
    await settle() // the connection is free again only then
    const second = await endpoint.send('b', { timeoutMs: LONG_MS })
    expect(second.result).toStrictEqual({ kind: 'found', value: 'x' })
    expect(service.requests.map(({ url, onConnection }) => `${url} ${onConnection}`)).toStrictEqual([
      '/aliases/a 1',
      '/aliases/b 2',
      '/aliases/b 1',
    ])
  })

  test('has nothing repeated where a lookup has side effects', async () => {
    const { service, endpoint } = await serviceAnd(closing, { sideEffects: true })
    await endpoint.send('a', { timeoutMs: LONG_MS })
    await settle() // the connection is free again only then
    const second = await endpoint.send('b', { timeoutMs: LONG_MS })
    expect(summary(second)).toBe('connect endpoint any')
    expect(service.requests.length).toBe(2)
  })

  test('is not repeated a second time', async () => {
    const { service, endpoint } = await serviceAnd({ text: 'x' })
    await endpoint.send('a', { timeoutMs: LONG_MS })
    await settle() // the connection is free again only then
    service.otherwise = { act: 'reset' }
    const second = await endpoint.send('b', { timeoutMs: LONG_MS })
    expect(summary(second)).toBe('connect endpoint any')
    expect(service.requests.length).toBe(3)
  })

  test('is not repeated a second time, whatever other connections are open', async () => {
    const { service, endpoint } = await serviceAnd({ text: 'x' })
    await Promise.all(['a', 'b', 'c'].map((key) => endpoint.send(key, { timeoutMs: LONG_MS })))
    await settle()
    service.otherwise = { act: 'reset' }
    service.clear()
    expect(summary(await endpoint.send('d', { timeoutMs: LONG_MS }))).toBe('connect endpoint any')
    expect(service.requests.length).toBe(2)
  })

  test('is not repeated when the connection was new', async () => {
    const { service, endpoint } = await serviceAnd({ act: 'reset' })
    await endpoint.send('a', { timeoutMs: LONG_MS })
    expect(service.requests.length).toBe(1)
  })

  test('by a service that ends each reply with it, unannounced, loses no lookup', async () => {
    const { endpoint } = await serviceAnd({ text: 'x', thenClose: true })
    for (let at = 0; at < 50; at++) {
      const reply = await endpoint.send(`k${at}`, { timeoutMs: LONG_MS })
      expect(reply.result).toStrictEqual({ kind: 'found', value: 'x' })
    }
  })
})

describe('an answer that is not wanted any more', () => {
  test('ends its request, says nothing about the service, and leaves no listener', async () => {
    const { service, endpoint } = await serviceAnd({ act: 'silence' })
    const controller = new AbortController()
    const reply = endpoint.send('a', { timeoutMs: LONG_MS, signal: controller.signal })
    await service.received(1)
    controller.abort()
    expect(summary(await reply)).toBe('timeout none none')
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0)
  })

  test('is not asked at all when that is known before', async () => {
    const { service, endpoint } = await serviceAnd({ text: 'x' })
    const reply = await endpoint.send('a', { timeoutMs: LONG_MS, signal: AbortSignal.abort() })
    expect(summary(reply)).toBe('timeout none none')
    expect(service.requests.length).toBe(0)
  })
})

test('a request that was given up while connecting is never sent, and its place is free again', async () => {
  const service = await startHttpService(t)
  service.otherwise = { text: 'x' }
  const clock = new ManualClock()
  const upstream = upstreamSettings([{ origin: service.origin }], { maxConcurrent: 1 })
  const endpoint = openPools(t, upstream, clock).endpoint(tableSettings(), 0)
  const first = endpoint.send('given-up', { timeoutMs: 10 })
  clock.advance(10)
  expect(summary(await first)).toBe('timeout endpoint not-sent')
  const second = endpoint.send('wanted', { timeoutMs: 10 })
  expect((await second).result).toStrictEqual({ kind: 'found', value: 'x' })
  expect(service.requests.map(({ url }) => url)).toStrictEqual(['/aliases/wanted'])
  await settle()
  expect(clock.timers).toBe(0)
})

test('many requests to a closed port all end, also with one connection', async () => {
  const { service, endpoint } = await serviceAnd({ text: 'x' }, {}, { maxConcurrent: 1 })
  await service.stop()
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, at) => endpoint.send(`k${at}`, { timeoutMs: 5000 })),
  )
  expect(new Set(replies.map(summary))).toStrictEqual(new Set(['connect endpoint not-sent']))
  await service.start()
  expect((await endpoint.send('a', { timeoutMs: 5000 })).result.kind).toBe('found')
})

test('many requests over few connections all end, and never more are at the service', async () => {
  const { service, endpoint } = await serviceAnd({ text: 'x' }, {}, { maxConcurrent: 3 })
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, at) => endpoint.send(`k${at}`, { timeoutMs: 5000 })),
  )
  expect(replies.every(({ result }) => result.kind === 'found')).toBe(true)
  expect(service.maxConcurrent).toBeLessThanOrEqual(3)
  expect(service.connections).toBeLessThanOrEqual(3)
})
