/**
 * A lookup in a table with rules for outages that waits no longer, because the service answers nobody: its request gives way
 * to those that somebody waits for.
 */
import { expect, test } from 'vitest'
import { PendingRequest } from '../../../../src/core/cache/pending-request.ts'
import { StaleFallback } from '../../../../src/core/cache/stale-fallback.ts'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { found, NOT_FOUND } from '../../../../src/core/result.ts'
import { LookupContext } from '../../../../src/core/source/lookup-context.ts'
import { SILENT } from '../../../../src/core/source/table-source.ts'
import { UNWATCHED, type Upstream } from '../../../../src/core/upstream.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'

function setUp(isFailing: boolean) {
  const clock = new ManualClock()
  const startMs = clock.monotonicMs()
  const upstream: Upstream = {
    name: 'directory',
    health: { ...UNWATCHED, isFailing },
    needsNoRequest: () => false,
    trustsNegative: () => true,
    ask: () => ({ result: NOT_FOUND, storable: true, source: 'upstream' }),
  }
  const fallback = new StaleFallback(upstream, clock, undefined, 1000, true)
  const request = new PendingRequest(
    'aliases',
    'a',
    'a',
    startMs,
    startMs + 9000,
    undefined,
    0,
    undefined,
    true,
  )
  let abandoned = 0
  request.onAbandoned(() => abandoned++)
  const context = new LookupContext('a', startMs, 5000, false, undefined)
  const answer = fallback.wait(request, undefined, context, new Explanation(), false)
  return { clock, request, answer, abandoned: () => abandoned }
}

test('of a service that fails it is told after staleAfter, and then nobody waits for the request', async () => {
  const { clock, request, answer, abandoned } = setUp(true)
  await clock.advanceAsync(999)
  expect([request.hasWaiters, abandoned()]).toEqual([true, 0])
  await clock.advanceAsync(1)
  expect(await answer).toEqual({ result: SILENT, source: 'upstream' })
  expect([request.hasWaiters, abandoned(), clock.timers]).toEqual([false, 1, 0])
})

test('a service that answers others is waited for until the deadline', async () => {
  const { clock, request, answer, abandoned } = setUp(false)
  await clock.advanceAsync(4999)
  expect([request.hasWaiters, abandoned()]).toEqual([true, 0])
  await clock.advanceAsync(1)
  expect((await answer).result).toMatchObject({ kind: 'temporary', cause: 'timeout' })
  expect([request.hasWaiters, abandoned(), clock.timers]).toEqual([false, 1, 0])
})

test('an answer that comes while it is waited for is the answer', async () => {
  const { clock, request, answer, abandoned } = setUp(false)
  await clock.advanceAsync(2000)
  request.settle({ result: found('b'), source: 'upstream' })
  expect(await answer).toEqual({ result: { kind: 'found', value: 'b' }, source: 'upstream' })
  expect(abandoned()).toBe(0)
})
