import { describe, expect, test } from 'vitest'
import {
  bytes,
  clockMinutes,
  clockTime,
  count,
  counted,
  duration,
  percent,
  quoted,
  rate,
} from '../../../src/presentation/format.ts'

describe('numbers', () => {
  const cases: [name: string, shown: string, expected: string][] = [
    ['a count has commas', count(1_234_567), '1,234,567'],
    ['one is singular', counted(1, 'lookup'), '1 lookup'],
    ['none is plural', counted(0, 'lookup'), '0 lookups'],
    ['no rate is 0', rate(0), '0'],
    ['a rate that rounds to nothing is not 0', rate(0.049), '<0.1'],
    ['a small rate has a decimal', rate(0.05), '0.1'],
    ['the last rate with a decimal', rate(9.94), '9.9'],
    ['the first rate without one', rate(9.95), '10'],
    ['a high rate has commas', rate(12_345), '12,345'],
    ['no share is a dash', percent(undefined), '–'],
    ['nothing is 0%', percent(0), '0%'],
    ['next to nothing is not 0%', percent(0.0009), '<0.1%'],
    ['a small share has a decimal', percent(0.001), '0.1%'],
    ['the last small share', percent(0.0999), '10.0%'],
    ['the first round share', percent(0.1), '10%'],
    ['the last round share', percent(0.989), '99%'],
    ['close to all has a decimal', percent(0.995), '99.5%'],
    ['not quite all is not 100%', percent(0.9995), '>99.9%'],
    ['all is 100%', percent(1), '100%'],
    ['no duration is a dash', duration(undefined), '–'],
    ['no time at all', duration(0), '0 ms'],
    ['a cached hit is in microseconds', duration(0.0215), '22 µs'],
    ['a few microseconds have a decimal', duration(0.0021), '2.1 µs'],
    ['just below a millisecond', duration(0.999), '999 µs'],
    ['what rounds to a millisecond is one', duration(0.9996), '1 ms'],
    ['just below a second', duration(999), '999 ms'],
    ['what rounds to a second is one', duration(999.6), '1 s'],
    ['two minutes', duration(120_000), '2 min'],
    ['two hours', duration(7_200_000), '2 h'],
    ['two days', duration(2 * 86_400_000), '2 days'],
    ['bytes', bytes(1023), '1023 B'],
    ['kibibytes', bytes(1024), '1 KiB'],
    ['mebibytes', bytes(2.5 * 1024 * 1024), '2.5 MiB'],
    ['gibibytes', bytes(5 * 1024 ** 3), '5 GiB'],
    ['a plain key', quoted('a@b.example'), 'a@b.example'],
    ['an empty key', quoted(''), '""'],
    ['a key that ends in a space', quoted('a '), '"a "'],
    ['a key with a quote', quoted('"a"@b'), '"\\"a\\"@b"'],
  ]
  for (const [name, shown, expected] of cases) {
    test(`${name}: ${expected}`, () => expect(shown).toBe(expected))
  }

  test('times of day are local, with and without seconds', () => {
    const noon = new Date(2026, 0, 2, 12, 3, 4).getTime()
    expect([clockTime(noon), clockMinutes(noon)]).toEqual(['12:03:04', '12:03'])
  })
})
