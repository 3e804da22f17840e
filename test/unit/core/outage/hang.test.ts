/**
 * A service that hangs, before its circuit is open: what a lookup gets that only a last "not found" can answer, and that
 * a slow service is waited for.
 */
import { describe, expect, test } from 'vitest'
import { running } from './hang-set-up.ts'

describe('a service that hangs', () => {
  test('costs a lookup no more than staleAfter where an answer is known, and is not waited for then', async () => {
    const { clock, service, ask, state } = await running()
    service.takesMs = () => undefined
    const [notFound, found] = [ask('ann'), ask('team')]
    await clock.advanceAsync(1000)
    expect([notFound, found]).toEqual([
      { result: 'notfound stale', afterMs: 1000 },
      { result: 'ann stale', afterMs: 1000 },
    ])
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
    const next = ask('team')
    await clock.advanceAsync(1)
    expect(next.result).toBe('ann stale')
  })

  test('is noticed by a single lookup', async () => {
    const { clock, service, ask } = await running()
    service.takesMs = () => undefined
    const notFound = ask('ann')
    await clock.advanceAsync(1000)
    expect(notFound).toEqual({ result: 'notfound stale', afterMs: 1000 })
  })

  test('is waited for by a lookup that no rule answers, and by one that wants nothing stored', async () => {
    const { clock, service, ask } = await running()
    service.takesMs = (key) => (key === 'new' || key === 'ann' ? 3000 : undefined)
    service.values.set('new', 'bob')
    const [unknown, bypass] = [ask('new'), ask('ann', true)]
    await clock.advanceAsync(3000)
    expect([unknown, bypass]).toEqual([
      { result: 'bob upstream', afterMs: 3000 },
      { result: 'notfound upstream', afterMs: 3000 },
    ])
  })
})

describe('a service that is slow', () => {
  test('for one key is waited for, since it answers others', async () => {
    const { clock, service, ask } = await running()
    service.values.set('ann', 'bob')
    service.takesMs = (key) => (key === 'ann' ? 3000 : 20)
    const ann = ask('ann')
    await clock.advanceAsync(3000)
    expect(ann).toEqual({ result: 'bob upstream', afterMs: 3000 })
  })

  test('for every key but the one whose answer is known is waited for', async () => {
    const { clock, service, ask } = await running()
    service.values.set('ann', 'bob')
    service.takesMs = (key) => (key === 'team' ? 400 : 3000)
    const answers = ['ann', 'k1', 'k2', 'k3'].map((key) => ask(key))
    await clock.advanceAsync(3000)
    expect(answers[0]).toEqual({ result: 'bob upstream', afterMs: 3000 })
  })

  test('for one key and silent for the one whose answer is known is waited for, as long as it answers others', async () => {
    const { clock, service, ask, state } = await running()
    service.values.set('ann', 'bob')
    service.takesMs = (key) => (key === 'ann' ? 3000 : key === 'team' ? undefined : 20)
    const ann = ask('ann')
    await clock.advanceAsync(300)
    for (let count = 0; count < 27; count++) {
      ask(`k${count}`)
      await clock.advanceAsync(100)
    }
    expect(ann).toEqual({ result: 'bob upstream', afterMs: 3000 })
    expect(state.status().endpoints[0]?.circuit).toBe('closed')
  })

  test('as always is waited for', async () => {
    const { clock, service, ask } = await running(1500)
    service.values.set('ann', 'bob')
    const answers = ['ann', 'k1', 'k2', 'k3'].map((key) => ask(key))
    await clock.advanceAsync(1500)
    expect(answers[0]).toEqual({ result: 'bob upstream', afterMs: 1500 })
  })

  test('for a moment is waited for', async () => {
    const { clock, service, ask } = await running()
    service.values.set('ann', 'bob')
    service.takesMs = () => 900
    const ann = ask('ann')
    await clock.advanceAsync(900)
    expect(ann).toEqual({ result: 'bob upstream', afterMs: 900 })
  })
})

describe('a service that hangs for one table alone', () => {
  /** Asks for `ann` while other tables are answered all the time, and goes on for so long. */
  const askFor = async (ms: number, takesMs: (key: string) => number | undefined) => {
    const { clock, service, ask, state } = await running()
    service.takesMs = takesMs
    const notFound = ask('ann')
    for (let past = 0; past < ms; past += 100) {
      await clock.advanceAsync(100)
      state.endpoints[0]?.heard(clock.monotonicMs(), 'good', 'others')
    }
    return notFound
  }

  test('is an outage of this table by the time that the lookup fails', async () => {
    expect(await askFor(4000, () => undefined)).toEqual({ result: 'notfound stale', afterMs: 4000 })
  })

  test('is none where it hangs for one key', async () => {
    expect((await askFor(5000, (key) => (key === 'ann' ? undefined : 20))).result).toBe('temporary upstream')
  })
})
