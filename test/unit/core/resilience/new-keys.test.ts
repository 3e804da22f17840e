/**
 * Keys that were never answered before, of which strangers can make up as many as they like: who goes before them, and
 * which part of the slots they find.
 */
import { describe, expect, test } from 'vitest'
import { AnsweredKeys } from '../../../../src/core/resilience/answered-keys.ts'
import type { Claim } from '../../../../src/core/resilience/claim.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { claim, type Scripted, setUp } from './slots-set-up.ts'

describe('keys that were never answered before', () => {
  const fresh = (table = 'aliases', more: Partial<Claim> = {}) => claim(table, { keyKind: 'new', ...more })
  const many = (count: number, make: () => Scripted) => Array.from({ length: count }, make)

  test('wait behind those that were, and before those that have just been slow', async () => {
    const { take, limiter, order } = setUp(1)
    const holder = claim('aliases')
    take(holder)
    const waiting = { slow: claim('aliases', { keyKind: 'slow' }), new: fresh(), known: claim('aliases') }
    for (const [name, one] of Object.entries(waiting)) take(one, name)
    limiter.release(holder)
    limiter.release(waiting.known)
    limiter.release(waiting.new)
    await settle()
    expect(order).toEqual(['known', 'new', 'slow'])
  })

  test('wait behind those of other tables, too', async () => {
    const { take, limiter, order } = setUp(1)
    const holder = claim('aliases')
    take(holder)
    take(fresh('domains'), 'new')
    take(claim('aliases'), 'known')
    limiter.release(holder)
    await settle()
    expect(order).toEqual(['known'])
  })

  test('take three quarters of the slots while others are asked for, too', () => {
    const { take } = setUp(16)
    const first = claim('aliases')
    expect(take(first)).toBe(true)
    expect(many(13, () => fresh()).map((one) => take(one))).toEqual([...Array(12).fill(true), 'queued'])
    expect(many(4, () => claim('aliases')).map((one) => take(one))).toEqual([true, true, true, 'queued'])
  })

  for (const [count, taken] of [
    [999, 'queued'],
    [1000, true],
  ] as const) {
    test(`find ${taken === true ? 'all slots' : 'three quarters'} when ${count} came since one that was answered`, () => {
      const { take, limiter } = setUp(4)
      const known = claim('aliases')
      take(known)
      limiter.release(known)
      for (let at = 0; at < count - 4; at++) {
        const one = fresh()
        take(one)
        limiter.release(one)
      }
      for (const one of many(3, () => fresh())) expect(take(one)).toBe(true)
      expect(take(fresh())).toBe(taken)
    })
  }

  test('find all slots where no others are asked for', () => {
    const { take } = setUp(16)
    expect(new Set(many(16, () => fresh()).map((one) => take(one)))).toEqual(new Set([true]))
  })

  test('get each eighth slot, however many others wait', async () => {
    const { take, limiter, order } = setUp(1)
    let holder = claim('aliases')
    take(holder)
    take(fresh(), 'new')
    const known = many(10, () => claim('aliases'))
    for (const [at, one] of known.entries()) take(one, `k${at}`)
    for (const one of known.slice(0, 8)) {
      limiter.release(holder)
      holder = one
    }
    await settle()
    expect(order).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'new'])
  })

  test('give their place in a full queue to one that was, and to no other', async () => {
    const { take, limiter, far } = setUp(1, 2)
    take(claim('aliases'))
    const gaveWay = limiter.take(fresh(), far)
    expect(take(fresh())).toBe('queued')
    expect(take(fresh())).toBe(false)
    const last = limiter.take(fresh('aliases', { hasWaiters: true }), far)
    expect(last).toBe(false)
    expect(take(claim('aliases'))).toBe('queued')
    expect(take(claim('aliases'))).toBe('queued')
    expect(await gaveWay).toBe(false)
    expect(take(claim('aliases'))).toBe(false)
  })
})

describe('which keys were answered before', () => {
  test('is known by their hash, with a seed of its own', () => {
    const [keys, others] = [new AnsweredKeys(0.1), new AnsweredKeys(0.2)]
    for (let count = 0; count < 1000; count++) keys.add(`user${count}@example.org`)
    const known = (prefix: string, of = keys) =>
      Array.from({ length: 1000 }, (_, count) => of.has(`${prefix}${count}@example.org`)).filter(Boolean)
        .length
    expect(known('user')).toBeGreaterThan(980)
    expect([known('other'), known('user', others), keys.has('')]).toEqual([0, 0, false])
  })
})
