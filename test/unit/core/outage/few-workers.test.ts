/**
 * A service with few workers: slow keys, as many as it has workers, make it silent for all others, which looks like a hang.
 */
import { describe, expect, test } from 'vitest'
import { running } from './hang-set-up.ts'

/** A deny list: `team` is found there, and was found lately. */
async function denyList(workers: number) {
  const list = await running(20, { whenUnknown: 'notFound' })
  list.service.workers = workers
  return list
}

describe('whenUnknown at a service with few workers', () => {
  test.each([1, 2])(
    '%i: a lookup waits for the answer to its own request, as long as that may take',
    async (workers) => {
      const { clock, service, ask } = await denyList(workers)
      const slow = Array.from({ length: workers }, (_, at) => `slow${at}`)
      for (const key of slow) service.values.set(key, 'REJECT')
      service.takesMs = (key) => (key.startsWith('slow') ? 1500 : 20)
      const answers = slow.map((key) => ask(key))
      await clock.advanceAsync(1500)
      expect(answers).toEqual(slow.map(() => ({ result: 'REJECT upstream', afterMs: 1500 })))
    },
  )

  test('a lookup that was sent behind slow ones waits for its own answer, also when the circuit has opened', async () => {
    const { clock, service, ask, state } = await denyList(1)
    service.values.set('listed', 'REJECT')
    service.takesMs = (key) => (key === 'slow' ? 3000 : 20)
    ask('slow')
    const listed = ask('listed')
    await clock.advanceAsync(2999)
    expect(state.status().endpoints[0]?.circuit).toBe('open')
    expect(listed).toEqual({ result: 'none', afterMs: -1 })
    await clock.advanceAsync(21)
    expect(listed).toEqual({ result: 'REJECT upstream', afterMs: 3020 })
  })

  test('the limit: what is asked while slow keys hold every worker, and the known questions have no answer, is missed', async () => {
    const { clock, service, ask, state } = await denyList(1)
    service.values.set('listed', 'REJECT')
    service.takesMs = (key) => (key === 'slow' ? 3900 : 20)
    ask('slow')
    await clock.advanceAsync(3000)
    expect(state.status().endpoints[0]?.circuit).toBe('open')
    const listed = ask('listed')
    await clock.advanceAsync(1)
    expect(listed.result).toBe('notfound unknown')
  })

  test('the remedy: one worker more than slow keys', async () => {
    const { clock, service, ask, state } = await denyList(2)
    service.values.set('listed', 'REJECT')
    service.takesMs = (key) => (key === 'slow' ? 3900 : 20)
    ask('slow')
    await clock.advanceAsync(3000)
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    const listed = ask('listed')
    await clock.advanceAsync(20)
    expect(listed.result).toBe('REJECT upstream')
  })

  test('a service that hangs costs the lookups that were sent the time-out, and the next ones nothing', async () => {
    const { clock, service, ask } = await denyList(1)
    service.takesMs = () => undefined
    const first = ask('first')
    await clock.advanceAsync(3999)
    expect(first.result).toBe('none')
    await clock.advanceAsync(1)
    expect(first).toEqual({ result: 'notfound unknown', afterMs: 4000 })
    const next = ask('next')
    await clock.advanceAsync(1)
    expect(next.result).toBe('notfound unknown')
  })
})
