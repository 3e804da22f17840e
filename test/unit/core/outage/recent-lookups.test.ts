import { describe, expect, test } from 'vitest'
import { RecentLookups } from '../../../../src/core/outage/recent-lookups.ts'
import { seededRandom } from '../../../support/traffic/seeded.ts'

/** A moment at the begin of a minute of the clock. */
const START = 600_000

function recent(seed = 1): RecentLookups {
  return new RecentLookups(seededRandom(seed))
}

describe('the sample of recent lookups', () => {
  test('holds all of a quiet minute, as they were asked', () => {
    const lookups = recent()
    lookups.add('ann@a.example', 'Ann@a.example', START)
    lookups.add('bob@a.example', 'bob@a.example', START + 59_999, true)
    expect([...lookups.sample(START + 59_999)]).toEqual([
      { key: 'ann@a.example', asked: 'Ann@a.example', exact: false, weight: 1 },
      { key: 'bob@a.example', asked: 'bob@a.example', exact: true, weight: 1 },
    ])
  })

  test('holds fifty of a busy minute, which stand for all of it', () => {
    const lookups = recent()
    for (let index = 0; index < 5000; index++) lookups.add(`key ${index}`, '', START)
    const sample = [...lookups.sample(START)]
    expect(sample.length).toBe(50)
    expect(new Set(sample.map(({ weight }) => weight))).toEqual(new Set([100]))
    expect(new Set(sample.map(({ key }) => key)).size).toBe(50)
  })

  test('takes the last lookups of a minute as likely as the first', () => {
    let late = 0
    for (let seed = 0; seed < 200; seed++) {
      const lookups = recent(seed)
      for (let index = 0; index < 1000; index++) lookups.add(`${index}`, '', START)
      for (const { key } of lookups.sample(START)) if (Number(key) >= 500) late++
    }
    // Of 10,000 taken, half: three standard deviations are 150.
    expect(late).toBeGreaterThan(4850)
    expect(late).toBeLessThan(5150)
  })

  test('holds ten minutes of the clock, and then the first one not any more', () => {
    const lookups = recent()
    lookups.add('old', 'old', START + 30_000)
    const keys = (nowMs: number) => Array.from(lookups.sample(nowMs), ({ key }) => key)
    expect(keys(START + 599_999)).toEqual(['old'])
    expect(keys(START + 600_000)).toEqual([])
    lookups.add('new', 'new', START + 600_000)
    expect(keys(START + 600_000)).toEqual(['new'])
  })

  test('weighs a busy minute more than a quiet one', () => {
    const lookups = recent()
    lookups.add('quiet', 'quiet', START)
    for (let index = 0; index < 100; index++) lookups.add('busy', 'busy', START + 60_000)
    const weights = new Map<string, number>()
    for (const { key, weight } of lookups.sample(START + 60_000))
      weights.set(key, (weights.get(key) ?? 0) + weight)
    expect(weights).toEqual(
      new Map([
        ['quiet', 1],
        ['busy', 100],
      ]),
    )
  })
})
