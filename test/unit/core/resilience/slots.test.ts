/**
 * Who gets a slot when slots are short: shares of tables, slow keys, lookups of many keys, known questions.
 */
import { describe, expect, test } from 'vitest'
import { RecentKeys } from '../../../../src/core/resilience/recent-keys.ts'
import { ResponseTime } from '../../../../src/core/resilience/response-time.ts'
import { settle } from '../../../support/clock/manual-clock.ts'
import { claim, setUp } from './slots-set-up.ts'

describe('the share of a table', () => {
  test('is kept for it, whatever another table takes', () => {
    const { take } = setUp(16)
    take(claim('aliases'))
    take(claim('domains'))
    const taken = Array.from({ length: 14 }, () => take(claim('aliases')))
    // A quarter of 16 for two tables: two each, of which `domains` has one.
    expect(taken.filter((one) => one === true)).toHaveLength(13)
    expect(take(claim('domains'))).toBe(true)
    expect(take(claim('domains'))).toBe('queued')
  })

  test('is all there is where no other table asks', () => {
    const { take } = setUp(16)
    const taken = Array.from({ length: 17 }, () => take(claim('aliases')))
    expect(taken.filter((one) => one === true)).toHaveLength(16)
  })

  test('is taken although others wait', () => {
    const { take } = setUp(8)
    take(claim('domains'))
    for (let count = 0; count < 20; count++) take(claim('aliases'))
    const { take: again, limiter } = setUp(8)
    const first = claim('domains')
    again(first)
    for (let count = 0; count < 20; count++) again(claim('aliases'))
    limiter.release(first)
    expect(again(claim('domains'))).toBe(true)
  })

  test('goes back when the table is gone', () => {
    const { take, limiter } = setUp(8)
    const gone = claim('gone')
    take(gone)
    limiter.release(gone)
    limiter.limits = { maxConcurrent: 8, maxQueued: 100 }
    const taken = Array.from({ length: 8 }, () => take(claim('aliases')))
    expect(taken).toEqual(Array(8).fill(true))
  })

  test('decides who is next: the table with the fewest slots', async () => {
    const { take, limiter, order } = setUp(2)
    const first = claim('aliases')
    take(first)
    take(claim('aliases'))
    take(claim('aliases'), 'aliases')
    take(claim('domains'), 'domains')
    limiter.release(first)
    await settle()
    expect(order).toEqual(['domains'])
  })

  test('holds in a full queue: the newest of the longest gives its place to a table with fewer', async () => {
    const { take, limiter, far } = setUp(1, 4)
    take(claim('aliases'))
    const waiting = Array.from({ length: 4 }, () => limiter.take(claim('aliases'), far))
    expect(limiter.wouldShed(claim('aliases'))).toBe(true)
    expect(limiter.wouldShed(claim('domains'))).toBe(false)
    expect(take(claim('domains'))).toBe('queued')
    expect(await waiting[3]).toBe(false)
    expect(take(claim('aliases'))).toBe(false)
    expect(limiter.queued).toBe(4)
  })
})

describe('a lookup of many keys', () => {
  test('has one place in the queue', () => {
    const { take, limiter } = setUp(1, 2)
    take(claim('aliases'))
    const lookup = {}
    for (let count = 0; count < 50; count++) expect(take(claim('aliases', { lookup }))).toBe('queued')
    expect(limiter.queued).toBe(1)
    expect(take(claim('aliases'))).toBe('queued')
    expect(take(claim('aliases'))).toBe(false)
    expect(take(claim('aliases', { lookup }))).toBe('queued')
  })

  test('leaves its place with its last key', async () => {
    const { take, limiter } = setUp(1, 2)
    const holder = claim('aliases')
    take(holder)
    const lookup = {}
    const [one, two] = [claim('aliases', { lookup }), claim('aliases', { lookup })]
    take(one)
    take(two)
    limiter.release(holder)
    expect(limiter.queued).toBe(1)
    limiter.release(one)
    expect(limiter.queued).toBe(0)
  })
})

describe('slow keys', () => {
  test('wait behind others', async () => {
    const { take, limiter, order } = setUp(1)
    const holder = claim('aliases')
    take(holder)
    take(claim('aliases', { keyKind: 'slow' }), 'slow')
    take(claim('aliases'), 'usual')
    limiter.release(holder)
    await settle()
    expect(order).toEqual(['usual'])
  })

  for (const [slow, ended] of [
    [4, 0],
    [5, 1],
    [8, 2],
  ] as const) {
    test(`in ${slow} of 8 slots give ${ended} to two that wait`, () => {
      const { take } = setUp(8)
      const holders = Array.from({ length: 8 }, (_, at) =>
        claim('aliases', { pace: () => (at < slow ? 'slow-alone' : 'usual') }),
      )
      for (const holder of holders) take(holder)
      take(claim('aliases'))
      take(claim('aliases'))
      expect(holders.reduce((sum, { gaveWay }) => sum + gaveWay, 0)).toBe(ended)
    })
  }

  test('are not ended where everything is slow, nor for another slow key', () => {
    const { take } = setUp(2)
    const holders = [claim('aliases', { pace: () => 'slow' }), claim('aliases', { pace: () => 'slow' })]
    for (const holder of holders) take(holder)
    take(claim('aliases'))
    const others = setUp(2)
    const alone = [
      claim('aliases', { pace: () => 'slow-alone' }),
      claim('aliases', { pace: () => 'slow-alone' }),
    ]
    for (const holder of alone) others.take(holder)
    others.take(claim('aliases', { keyKind: 'slow' }))
    expect([...holders, ...alone].map(({ gaveWay }) => gaveWay)).toEqual([0, 0, 0, 0])
  })
})

describe('a known question', () => {
  test('goes before everybody who waits', async () => {
    const { take, limiter, far, order } = setUp(1)
    const holder = claim('aliases')
    take(holder)
    take(claim('aliases'), 'lookup')
    const check = { ...claim('x'), table: undefined }
    const taken = limiter.takeFirst(check, far)
    limiter.release(holder)
    expect(await taken).toBe(true)
    expect(order).toEqual([])
    limiter.release(check)
    await settle()
    expect(order).toEqual(['lookup'])
  })

  test('takes the slot of a slow request where none is free, and of no other', () => {
    const { take, limiter, far } = setUp(2)
    const [usual, slow] = [claim('aliases'), claim('aliases', { pace: () => 'slow' })]
    take(usual)
    take(slow)
    void limiter.takeFirst({ ...claim('x'), table: undefined }, far)
    expect([usual.gaveWay, slow.gaveWay]).toEqual([0, 1])
  })

  test('waits no longer than its deadline', async () => {
    const { take, limiter, clock } = setUp(1)
    take(claim('aliases'))
    const taken = limiter.takeFirst({ ...claim('x'), table: undefined }, clock.monotonicMs() + 1000)
    clock.advance(1000)
    expect(await taken).toBe(false)
    expect(clock.timers).toBe(0)
  })
})

describe('how long is slow', () => {
  test('at least half a second', () => {
    const time = new ResponseTime()
    expect(time.slowAfterMs).toBe(500)
    for (let count = 0; count < 100; count++) time.add(5)
    expect(time.slowAfterMs).toBe(500)
  })

  test('the mean and four deviations of a slow service, as in RFC 6298', () => {
    const time = new ResponseTime()
    time.add(1000) // mean 1000, deviation 500
    expect(time.slowAfterMs).toBe(3000)
    time.add(1000) // deviation 375
    expect(time.slowAfterMs).toBe(2500)
    time.add(1800) // deviation 375 + (800 - 375) / 4 = 481.25, mean 1100
    expect(time.slowAfterMs).toBe(3025)
  })
})

describe('keys of late', () => {
  test('are forgotten in time, and at once when that is said', () => {
    const keys = new RecentKeys(1000)
    keys.add('a', 0)
    keys.add('b', 0)
    keys.delete('b')
    expect([keys.has('a', 999), keys.has('b', 999), keys.has('a', 1000)]).toEqual([true, false, false])
  })

  test('are 5,000 at most, the newest, and none that no address can be', () => {
    const keys = new RecentKeys(1000)
    for (let count = 0; count <= 5000; count++) keys.add(`k${count}`, 0)
    expect([keys.has('k0', 0), keys.has('k1', 0), keys.has('k5000', 0)]).toEqual([false, true, true])
    keys.add('x'.repeat(321), 0)
    expect(keys.has('x'.repeat(321), 0)).toBe(false)
  })
})
