import { describe, expect, test } from 'vitest'

interface Figure {
  readonly scenario: string
  readonly name: string
  readonly value?: { readonly median: number }
  readonly limit?: { readonly most?: number; readonly least?: number }
  readonly failed?: string
}

interface Check {
  compareWithBaseline(figures: readonly Figure[], baseline: Record<string, number>): string[]
  notCompared(figures: readonly Figure[], baseline: Record<string, number>): string[]
}

const file = new URL('../../../bench/check.mjs', import.meta.url)
const { compareWithBaseline, notCompared }: Check = await import(file.href)

const figure = (name: string, median: number, limit: Figure['limit']): Figure => ({
  scenario: 'hits',
  name,
  value: { median },
  ...(limit && { limit }),
})

describe('the comparison of a benchmark with its baseline', () => {
  for (const [limit, median, isWorse] of [
    [{ most: 2 }, 1.15, false],
    [{ most: 2 }, 1.16, true],
    [{ least: 0.5 }, 0.85, false],
    [{ least: 0.5 }, 0.84, true],
  ] as const)
    test(`${isWorse ? 'complains' : 'is silent'} about ${median} where 1 was recorded and ${Object.keys(limit)[0]} is the aim`, () => {
      const worse = compareWithBaseline([figure('a', median, limit)], { 'hits: a': 1 })
      expect(worse).toEqual(isWorse ? [`hits: a is ${median.toFixed(3)}, was 1.000`] : [])
    })

  test('complains about a scenario that did not run', () => {
    const failed = { scenario: 'idle', name: 'did not run', failed: 'Error: no server' }
    expect(compareWithBaseline([failed], {})).toEqual(['idle: did not run Error: no server'])
  })

  test('names what only one side has, of the scenarios that were measured', () => {
    const figures = [
      figure('new', 1, { most: 2 }),
      figure('both', 1, { most: 2 }),
      figure('free', 1, undefined),
    ]
    const baseline = { 'hits: both': 1, 'hits: gone': 1, 'idle: not measured': 1 }
    expect(notCompared(figures, baseline)).toEqual(['hits: new', 'hits: gone'])
  })
})
