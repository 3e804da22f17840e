import { describe, expect, test } from 'vitest'
import { nearest } from '../../../src/schema/suggest.ts'
import { parseDuration, parseSize } from '../../../src/schema/units.ts'

describe('durations', () => {
  const cases: [text: string, ms: number | undefined][] = [
    ['250ms', 250],
    ['0ms', 0],
    ['2s', 2000],
    ['1.5s', 1500],
    ['1.1s', 1100],
    ['0.001s', 1],
    ['0.0001s', undefined],
    ['0.5ms', undefined],
    ['1.5ms', undefined],
    ['1.0ms', 1],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['5', undefined],
    ['5 s', undefined],
    ['-5s', undefined],
    ['5S', undefined],
    ['.5s', undefined],
    ['1e3s', undefined],
    ['', undefined],
  ]
  for (const [text, ms] of cases) {
    test(`"${text}" is ${ms === undefined ? 'no duration' : `${ms} ms`}`, () => {
      expect(parseDuration(text)).toBe(ms)
    })
  }
})

describe('sizes', () => {
  const cases: [text: string, bytes: number | undefined][] = [
    ['1B', 1],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['1.5B', undefined],
    ['0.1KiB', undefined],
    ['0.5KiB', 512],
    ['1GiB', 1_073_741_824],
    ['1MB', undefined],
    ['1mib', undefined],
    ['1', undefined],
  ]
  for (const [text, bytes] of cases) {
    test(`"${text}" is ${bytes === undefined ? 'no size' : `${bytes} bytes`}`, () => {
      expect(parseSize(text)).toBe(bytes)
    })
  }
})

describe('nearest', () => {
  const cases: [word: string, near: string | undefined][] = [
    ['adress', 'address'],
    ['Timeout', 'timeout'],
    ['tiemout', 'timeout'],
    ['zzzz', undefined],
    ['', undefined],
  ]
  for (const [word, near] of cases) {
    test(`"${word}" is near to ${near ?? 'nothing'}`, () => {
      expect(nearest(word, ['address', 'timeout', 'attempts'])).toBe(near)
    })
  }
})
