/**
 * Lookups that come while the answers of an earlier run are still read: what the service says counts, and where it says
 * nothing, or "not found", what is read may know better.
 */
import { expect, test } from 'vitest'
import { LossGuard } from '../../../../src/core/cache/loss-guard.ts'
import { instant } from '../../../../src/core/clock.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { down, HOUR, no, OUTAGE, setUp, source, yes } from './cached-upstream-set-up.ts'

const freshness = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: HOUR }

function startedAnew(options: Parameters<typeof setUp>[0] = {}) {
  const made = setUp(options)
  const restoring = made.store.beginRestoring()
  const read = (value: string | undefined, ageMs = 120_000) =>
    restoring.add('bob@a.example', { value, freshness, ageMs, foundForMs: HOUR }, instant(made.clock))
  return { ...made, restoring, read }
}

test('what the service finds is the answer, at once', async () => {
  const { service, ask, restoring, store } = startedAnew()
  service.answer = yes('new')
  expect(await ask()).toEqual({ result: { kind: 'found', value: 'new' }, source: 'upstream' })
  expect(store.restoring).toBe(restoring)
})

test('where the service fails, the lookup waits for what is read, and gets it', async () => {
  const { service, ask, restoring, read } = startedAnew()
  service.answer = down
  const answer = ask()
  await Promise.resolve()
  read('old')
  restoring.end()
  expect(await answer).toEqual({ result: { kind: 'found', value: 'old' }, source: 'stale' })
})

for (const [what, value, ageMs] of [
  ['a "not found"', undefined, 0],
  ['an answer that has expired', 'old', 2 * HOUR],
] as const) {
  test(`where the service fails, ${what} that is read is no answer`, async () => {
    const { service, ask, restoring, read } = startedAnew()
    service.answer = down
    const answer = ask()
    await Promise.resolve()
    read(value, ageMs)
    restoring.end()
    expect(await answer).toEqual({ result: OUTAGE, source: 'upstream' })
  })
}

test('nobody waits for what is read beyond the deadline of the lookup', async () => {
  const { clock, service, ask } = startedAnew()
  service.answer = down
  const answer = ask()
  await clock.advanceAsync(5000)
  expect(await answer).toEqual({ result: OUTAGE, source: 'upstream' })
  expect(clock.timers).toBe(0)
})

test('a "not found" is believed when it is known whether the key was found before', async () => {
  const clock = new ManualClock()
  const lossGuard = new LossGuard(clock, () => {})
  lossGuard.hold()
  const known = startedAnew({ clock, lossGuard })
  known.service.answer = no
  const lost = known.ask()
  const unknown = known.ask('eve@a.example')
  await Promise.resolve()
  known.read('old')
  known.restoring.end()
  expect([source(await lost), source(await unknown)]).toEqual(['stale found', 'upstream notfound'])
})

test('a "not found" whose key may have been found before is not stored', async () => {
  const clock = new ManualClock()
  const made = startedAnew({ clock, lossGuard: new LossGuard(clock, () => {}) })
  made.service.answer = no
  const answer = made.ask()
  await clock.advanceAsync(5000)
  expect((await answer).result.kind).toBe('temporary')
  expect(made.store.peek('bob@a.example')).toBeUndefined()
})
