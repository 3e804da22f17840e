import { describe, expect, test } from 'vitest'
import { askSample, type SampleOutcome } from '../../../../src/core/cache/loss-sample.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'

/** Asks for `keys` keys, of which those at the given places have that outcome. */
async function ask(keys: number, outcomeAt: (index: number) => SampleOutcome) {
  const asked: string[] = []
  let atOnce = 0
  let most = 0
  const verdict = await askSample(
    Array.from({ length: keys }, (_, index) => `${index}`),
    async (key) => {
      asked.push(key)
      most = Math.max(most, ++atOnce)
      await null
      atOnce--
      return outcomeAt(Number(key))
    },
    new ManualClock(),
  )
  return { verdict, asked: asked.length, most }
}

/** The first of them are lost. */
const lost = (count: number) => (index: number) => (index < count ? 'lost' : 'found')

describe('a sample of known keys', () => {
  for (const [keys, lostKeys, verdict, asked] of [
    [120, 3, 'healthy', 40],
    [120, 4, 'healthy', 120],
    [120, 19, 'healthy', 120],
    [120, 20, 'lost', 40],
    [60, 9, 'healthy', 60],
    [60, 10, 'lost', 60],
    [40, 6, 'healthy', 40],
    [40, 7, 'lost', 40],
    [5, 1, 'healthy', 5],
    [5, 2, 'lost', 5],
  ] as const) {
    test(`of ${keys}, ${lostKeys} of them lost, is ${verdict} after ${asked} questions`, async () => {
      expect(await ask(keys, lost(lostKeys))).toEqual({ verdict, asked, most: 4 })
    })
  }

  for (const [failed, verdict] of [
    [12, 'healthy'],
    [13, 'undecided'],
  ] as const) {
    test(`is ${verdict} when ${failed} of 120 questions failed`, async () => {
      expect(await ask(120, (index) => (index < failed ? 'failed' : 'found'))).toMatchObject({
        verdict,
        asked: 120,
      })
    })
  }

  test('is asked again for what found no slot, and ends when none gets free', async () => {
    const clock = new ManualClock()
    let asked = 0
    let verdict: unknown
    const keys = Array.from({ length: 5 }, (_, index) => `${index}`)
    const ask = async () => (++asked <= 10 ? 'shed' : ('found' as const))
    void askSample(keys, ask, clock).then((one) => {
      verdict = one
    })
    await clock.advanceAsync(1000)
    expect([verdict, asked]).toEqual(['healthy', 15])
    asked = -1000
    verdict = undefined
    void askSample(keys, ask, clock).then((one) => {
      verdict = one
    })
    await clock.advanceAsync(9900)
    expect(verdict).toBe(undefined)
    await clock.advanceAsync(100)
    expect([verdict, asked]).toEqual(['undecided', -1000 + 4 * 101 + 1])
  })

  for (const [share, least, most] of [
    [0.05, 0.99999, 1],
    [0.1, 0.98, 0.99],
    [0.2, 0.15, 0.17],
    [0.3, 0.0008, 0.00085],
    [1, 0, 0],
  ] as const) {
    test(`believes a service that lost ${share * 100} % with a probability of ${least} to ${most}`, () => {
      let healthy = 0
      for (let first = 0; first <= 40; first++)
        for (let second = 0; second <= 80; second++)
          if (first < 4 || first + second < 20)
            healthy += binomial(40, first, share) * binomial(80, second, share)
      expect(healthy).toBeGreaterThanOrEqual(least)
      expect(healthy).toBeLessThanOrEqual(most)
    })
  }
})

function binomial(of: number, count: number, share: number): number {
  let ways = 1
  for (let one = 1; one <= count; one++) ways *= (of - count + one) / one
  return ways * share ** count * (1 - share) ** (of - count)
}
