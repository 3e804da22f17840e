/** Who waits for a request, and who is told when nobody does any more. */
import { expect, test } from 'vitest'
import { PendingRequest } from '../../../../src/core/cache/pending-request.ts'
import { found, temporary } from '../../../../src/core/result.ts'
import { ManualClock, settle } from '../../../support/clock/manual-clock.ts'

const LATE = { result: temporary('timeout', 'too late'), source: 'upstream' } as const

function request(hasAsker = true) {
  const clock = new ManualClock(0)
  const pending = new PendingRequest('aliases', 'a', 'a', 0, 5000, undefined, 0, undefined, hasAsker)
  const told: string[] = []
  pending.onAbandoned(() => told.push('first'))
  pending.onAbandoned(() => told.push('second'))
  return { clock, pending, told }
}

test('everybody who listens is told once the last one has given up', async () => {
  const { clock, pending, told } = request()
  void pending.wait(1000, clock, LATE)
  const last = pending.wait(2000, clock, LATE)
  await clock.advanceAsync(1999)
  expect([told, pending.hasWaiters]).toEqual([[], true])
  await clock.advanceAsync(1)
  expect([told, pending.hasWaiters]).toEqual([['first', 'second'], false])
  expect(await last).toBe(LATE)
})

test('one who decides when it is late counts as waiting until it leaves', async () => {
  const { clock, pending, told } = request()
  void pending.wait(1000, clock, LATE, 'decides')
  await clock.advanceAsync(1000)
  expect([told, pending.hasWaiters]).toEqual([[], true])
  pending.leave()
  expect([told, pending.hasWaiters]).toEqual([['first', 'second'], false])
})

test('nobody is told of a request that was answered', async () => {
  const { clock, pending, told } = request()
  const answer = { result: found('v'), source: 'upstream' } as const
  const waiting = [pending.wait(1000, clock, LATE), pending.wait(2000, clock, LATE)]
  pending.settle(answer)
  await settle()
  expect(await Promise.all(waiting)).toEqual([answer, answer])
  await clock.advanceAsync(3000)
  expect([told, clock.timers]).toEqual([[], 0])
})

test('a refresh has no waiters, a lookup is expected to wait from the question on', () => {
  expect([request(false).pending.hasWaiters, request(true).pending.hasWaiters]).toEqual([false, true])
})
