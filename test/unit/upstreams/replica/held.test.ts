/**
 * A list that is kept aside: when the service is asked again, and what a word about it does.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RunCopy } from '../../../../src/upstreams/replica/run-copy.ts'
import { sinceAskedMs } from '../../../../src/upstreams/replica/schedule.ts'
import { folder, tableReplica } from './replica-set-up.ts'

/** Lists without entries, which are kept aside. */
function empty() {
  let asked = 0
  const run: RunCopy = async (job, file) => {
    asked++
    const { slot } = file.beginFilling(job.token)
    const nothing = { entries: 0, bytes: 2, validators: undefined, cursor: undefined, lost: 0, changed: 0 }
    return { kind: 'filled', slot, ...nothing, lostKeys: [] }
  }
  return { run, asked: () => asked }
}

async function held() {
  const { run, asked } = empty()
  const { replica, clock } = tableReplica(folder(), run)
  onTestFinished(() => replica.close())
  while (replica.status().state !== 'held') await delay(1)
  return { replica, clock, asked }
}

test('the service is asked again after the usual time, and not at once', async () => {
  const { replica, clock, asked } = await held()
  expect(replica.status().nextRefreshAtMs).toBe(clock.wallMs() + 3_600_000)
  clock.advance(3_599_999)
  expect([asked(), replica.status().state]).toEqual([1, 'held'])
  await clock.advanceAsync(1)
  expect([asked(), replica.status().state]).toEqual([2, 'copying'])
  while (replica.status().state === 'copying') await delay(1)
  expect(replica.status().nextRefreshAtMs).toBe(clock.wallMs() + 3_600_000)
})

for (const [word, accept, expected] of [
  ['accepted', true, { state: 'ready' }],
  ['rejected', false, { state: 'empty', lastFailure: 'the list has no entries' }],
] as const) {
  test(`a list that is ${word} leaves ${accept ? 'no failure' : 'its reason'} behind`, async () => {
    const { replica } = await held()
    const { lastFailure, held: aside } = replica.status()
    expect([lastFailure, aside?.reason]).toEqual(['the list has no entries', 'the list has no entries'])
    expect(await replica.settleHeld(accept)).toMatchObject({ kind: 'done', status: expected })
    expect('lastFailure' in replica.status()).toBe(!accept)
  })
}

test('a word about it waits while entries of the next list arrive, and a next one that is cut leaves it', async () => {
  const { run } = empty()
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  let isFirst = true
  const { replica, clock } = tableReplica(folder(), async (job, file, ...rest) => {
    if (isFirst) {
      isFirst = false
      return run(job, file, ...rest)
    }
    const { slot } = file.beginFilling(job.token)
    file.fill(job.token, slot, [['x@a.example', 'x/']], false, [])
    await ended
    return { kind: 'failed', cause: 'unreadable', reason: 'cut' }
  })
  onTestFinished(() => replica.close())
  while (replica.status().state !== 'held') await delay(1)
  const { held: aside } = replica.status()
  await clock.advanceAsync(3_600_000)
  expect(replica.status()).toMatchObject({ state: 'copying', held: aside })
  for (const accept of [true, false])
    expect(await replica.settleHeld(accept)).toMatchObject({ kind: 'nothing', status: { held: aside } })
  end()
  while (replica.status().state === 'copying') await delay(1)
  expect(replica.status()).toMatchObject({ state: 'held', held: aside, lastFailure: 'cut' })
  expect(await replica.settleHeld(true)).toMatchObject({ kind: 'done', status: { state: 'ready' } })
})

describe('the time since the service was asked', () => {
  for (const [name, ageMs, heldAtMs, wallMs, expected] of [
    ['is the age of the copy', 700, undefined, 5000, 700],
    ['is that of a list that is kept aside', 700, 4600, 5000, 400],
    ['is that of the younger one', 300, 4600, 5000, 300],
    ['is told without a copy', Number.POSITIVE_INFINITY, 4600, 5000, 400],
    ['is nothing when the clock was set back', 700, 5001, 5000, 0],
  ] as const) {
    test(name, () => expect(sinceAskedMs(ageMs, heldAtMs, wallMs)).toBe(expected))
  }
})
