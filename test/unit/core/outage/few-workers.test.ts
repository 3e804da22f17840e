/**
 * A service with few workers: slow keys, as many as it has workers, make it silent for all others, which looks like a hang.
 */
import { describe, expect, test } from 'vitest'
import { running } from './hang-set-up.ts'

/** A deny list: `team` is found there, and was found lately. */
async function denyList(workers: number, timeoutMs?: number) {
  const list = await running(20, { whenUnknown: 'notFound' }, timeoutMs)
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

  test('what is asked while slow keys hold every worker, and the known questions have no answer, waits and is not missed', async () => {
    const { clock, service, ask, state } = await denyList(1)
    service.values.set('listed', 'REJECT')
    service.takesMs = (key) => (key === 'slow' ? 3900 : 20)
    ask('slow')
    await clock.advanceAsync(3000)
    expect(state.status().endpoints[0]?.circuit).toBe('open')
    const listed = ask('listed')
    await clock.advanceAsync(9000)
    expect(listed.result).toBe('temporary shed')
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
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

  test('a stranger who sends slow keys all the time, one a worker, has no check missed', async () => {
    const { clock, service, ask } = await denyList(2)
    service.values.set('listed', 'REJECT')
    service.takesMs = (key) => (key.startsWith('slow') ? 3900 : 20)
    const seen: ReturnType<typeof ask>[] = []
    for (let second = 0; second < 60; second++) {
      if (second % 4 === 0) for (const worker of [1, 2]) ask(`slow${second}.${worker}`)
      await clock.advanceAsync(500)
      seen.push(ask(`unknown${second}`))
      await clock.advanceAsync(500)
    }
    await clock.advanceAsync(9000)
    expect(seen.filter(({ result }) => result === 'notfound unknown')).toEqual([])
    expect(seen.filter(({ result }) => result === 'none')).toEqual([])
  })

  for (const [workers, everyS, takesMs, timeoutMs] of [
    [2, 4, 3900, 2000],
    [4, 4, 3900, 2000],
    [2, 8, 7900, 4000],
    [2, 20, 3900, 2000],
    [1, 30, 3900, 2000],
  ] as const) {
    test(`${workers}: nor one who sends them for three minutes, ${takesMs} ms each, every ${everyS} s, with a time-out of ${timeoutMs} ms`, async () => {
      const { clock, service, ask } = await denyList(workers, timeoutMs)
      service.takesMs = (key) => (key.startsWith('slow') ? takesMs : 20)
      const seen: ReturnType<typeof ask>[] = []
      for (let half = 0; half < 360; half++) {
        if (half % (everyS * 2) === 0)
          for (let worker = 0; worker < workers; worker++) seen.push(ask(`slow${half}.${worker}`))
        await clock.advanceAsync(250)
        seen.push(ask(`unknown${half}`))
        await clock.advanceAsync(250)
      }
      await clock.advanceAsync(9000)
      expect(seen.filter(({ result }) => result === 'notfound unknown')).toEqual([])
    })
  }

  test('the limit: more slow keys than workers, on which the service works on when nobody waits any more', async () => {
    const { clock, service, ask } = await denyList(1)
    service.values.set('listed', 'REJECT')
    service.takesMs = (key) => (key.startsWith('slow') ? 3900 : 20)
    for (const at of [1, 2, 3, 4, 5, 6, 7]) ask(`slow${at}`)
    await clock.advanceAsync(20_000)
    const listed = ask('listed')
    await clock.advanceAsync(1)
    expect(listed.result).toBe('notfound unknown')
  })

  describe('a service that hangs', () => {
    /** Asks every half second, and says when the check was missed first. */
    const firstMissedMs = async (timeoutMs: number, more: (ask: (key: string) => unknown) => void) => {
      const { clock, service, ask } = await denyList(2, timeoutMs)
      const fromMs = clock.monotonicMs()
      service.takesMs = () => undefined
      const seen: { askedMs: number; answer: ReturnType<typeof ask> }[] = []
      for (let at = 0; at < 60; at++) {
        seen.push({ askedMs: clock.monotonicMs() - fromMs, answer: ask(`key${at}`) })
        more(ask)
        await clock.advanceAsync(500)
      }
      const missed = seen.filter(({ answer }) => answer.result === 'notfound unknown')
      const [first] = missed
      expect(seen.slice(first && seen.indexOf(first))).toEqual(missed)
      return first && { askedMs: first.askedMs, answeredMs: first.askedMs + first.answer.afterMs }
    }

    for (const [timeoutMs, askedMs, answeredMs] of [
      [2000, 0, 6250],
      [4000, 1500, 10_250],
    ] as const) {
      test(`has the check missed after ${answeredMs} ms with a time-out of ${timeoutMs} ms, and from then on at once`, async () => {
        expect(await firstMissedMs(timeoutMs, () => {})).toEqual({ askedMs, answeredMs })
      })

      test(`has it missed as soon when a stranger keeps keys coming, with a time-out of ${timeoutMs} ms`, async () => {
        let count = 0
        const attacked = await firstMissedMs(timeoutMs, (ask) => {
          for (let at = 0; at < 10; at++) ask(`slow${count++}`)
        })
        expect(attacked).toEqual({ askedMs, answeredMs })
      })
    }
  })
})
