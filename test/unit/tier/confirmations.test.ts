import { expect, test } from 'vitest'
import { Confirmations } from '../../../src/tier/confirmations.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

test('who purges waits for the others, a second at most, and then no more', async () => {
  const clock = new ManualClock()
  const confirmations = new Confirmations(clock)
  for (const id of ['1-1', '1-2']) confirmations.expect(id)
  let [all, some]: (number | undefined)[] = []
  void confirmations.wait('1-1', 2).then((count) => {
    all = count
  })
  void confirmations.wait('1-2', 2).then((count) => {
    some = count
  })
  for (const id of ['1-1', '1-2', '1-1', '9-9']) confirmations.confirmed(id)
  await clock.advanceAsync(5)
  expect([all, some]).toEqual([2, undefined])
  await clock.advanceAsync(994)
  expect(some).toBeUndefined()
  await clock.advanceAsync(1)
  expect(some).toBe(1)
  expect(confirmations.size).toBe(0)
})

test('a purge is confirmed when it was applied and its message has come', () => {
  const confirmations = new Confirmations(new ManualClock())
  expect(confirmations.rung('1-1', false)).toBe(false)
  expect(confirmations.applied('1-1')).toBe(true)
  expect(confirmations.applied('1-2')).toBe(false)
  expect(confirmations.rung('1-2', true)).toBe(true)
  // Its own, which it does not apply.
  expect(confirmations.rung('1-3', true)).toBe(false)
  expect(confirmations.applied('1-3')).toBe(false)
})
