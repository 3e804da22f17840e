/**
 * The shared store as one table uses it, over a store that a test holds in memory or takes away.
 */
import { expect, test } from 'vitest'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import { tierOf } from '../../../src/gateway/shared.ts'
import type { ConnectionOptions, Reply } from '../../../src/tier/connection.ts'
import { SharedStore } from '../../../src/tier/shared-store.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'

const FRESH = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }

function start() {
  const clock = new ManualClock()
  const values = new Map<string, Buffer | string>()
  const world = { isUp: true, end: (_error: Error): void => {} }
  const send = async (...words: readonly (string | Buffer)[]): Promise<Reply> => {
    if (!world.isUp) throw new Error('it ended')
    const [command, name, value] = words
    const key = String(name)
    if (command === 'TIME') return [String(Math.floor(clock.wallMs() / 1000)), '0']
    if (command === 'GET') return (values.get(key) as Buffer | undefined) ?? null
    if (command === 'SET' && words[3] === 'NX' && values.has(key)) return null
    if (command === 'SET') values.set(key, value ?? '')
    if (command === 'DEL') values.delete(key)
    return command === 'SET' ? 'OK' : []
  }
  const shared = new SharedStore({
    settings: { prefix: 'p:', timeoutMs: 50 },
    tls: undefined,
    hashKey: undefined,
    clock,
    observer: silentObserver.tier,
    onPurge: () => {},
    fingerprintOf: () => undefined,
    open: async ({ onEnd }: ConnectionOptions) => {
      if (!world.isUp) throw new Error('nobody listens')
      world.end = onEnd
      return { send, close: () => {} }
    },
  })
  const tier = shared.forTable('t', 'fingerprint', '')
  const up = async () => {
    world.isUp = true
    for (let tries = 0; shared.status().state !== 'up' && tries < 100; tries++) await clock.advanceAsync(10)
    expect(shared.status().state).toBe('up')
  }
  const down = () => {
    world.isUp = false
    world.end(new Error('it ended'))
    expect(shared.status().state).toBe('down')
  }
  const put = async () => {
    tier.store('a', { value: 'there', freshness: FRESH, ageMs: 0 }, clock.monotonicMs())
    while (!values.has('p:a:t:fingerprint:a')) await settle()
  }
  shared.start()
  return { clock, shared, tier, values, up, down, put }
}

test('a lease is taken by one, and by everybody while the store is away', async () => {
  const { tier, up, down } = start()
  await up()
  expect([await tier.lease('a', 2000), await tier.lease('a', 2000)]).toEqual([true, false])
  down()
  expect([await tier.lease('a', 2000), await tier.lease('a', 2000)]).toEqual([true, true])
})

test('an answer that was deleted while the store was away is not found there again', async () => {
  const { clock, tier, values, up, down, put } = start()
  await up()
  await put()
  await clock.advanceAsync(1)
  expect(await tier.find('a', undefined)).toMatchObject({ value: 'there' })
  const written = values.get('p:a:t:fingerprint:a') ?? ''
  down()
  tier.delete('a')
  await clock.advanceAsync(1000)
  await up()
  expect(values.has('p:a:t:fingerprint:a')).toBe(false)
  // A gateway that asked before it writes late.
  values.set('p:a:t:fingerprint:a', written)
  expect(await tier.find('a', undefined)).toBeUndefined()
  // And is deleted by whoever finds it.
  await settle()
  expect(values.has('p:a:t:fingerprint:a')).toBe(false)
})

test('names differ by as whom the service is asked, and do not say it', async () => {
  const { shared, values, up, clock } = start()
  await up()
  for (const caller of ['first secret', 'second secret', 'first secret'])
    shared
      .forTable('t', 'fingerprint', caller)
      .store('a', { value: 'there', freshness: FRESH, ageMs: 0 }, clock.monotonicMs())
  while (shared.status().queuedWrites > 0) await settle()
  const names = Array.from(values.keys())
  expect(names).toEqual([
    expect.stringMatching(/^p:a:t:[0-9a-f]{16}:a$/),
    expect.stringMatching(/^p:a:t:[0-9a-f]{16}:a$/),
  ])
})

test('what a secret decides is not shared, and what other attributes decide is', () => {
  const { shared } = start()
  const running = { store: shared } as Parameters<typeof tierOf>[0]
  const table = (secret: readonly string[]) =>
    ({
      name: 't',
      fingerprint: 'f',
      attributes: { cacheBy: ['user', 'password'], secret },
    }) as unknown as Parameters<typeof tierOf>[1]
  expect(tierOf(running, table(['password']), [])).toBeUndefined()
  expect(tierOf(running, table([]), [])).toBeDefined()
  expect(tierOf(undefined, table([]), [])).toBeUndefined()
})
