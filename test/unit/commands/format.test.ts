import { describe, expect, test } from 'vitest'
import { columns, count, cut, duration, percent, short, size } from '../../../src/commands/format.ts'

describe('duration', () => {
  const cases: [ms: number, text: string][] = [
    [0, '0 ms'],
    [0.0234, '0.02 ms'],
    [7.25, '7.3 ms'],
    [999, '999 ms'],
    [1000, '1 s'],
    [59_999, '60.0 s'],
    [60_000, '1 min'],
    [5_400_000, '1.5 h'],
    [172_800_000, '2 d'],
  ]
  for (const [ms, text] of cases) {
    test(`${ms} ms is ${text}`, () => {
      expect(duration(ms)).toBe(text)
    })
  }
})

test('sizes are in powers of 1024', () => {
  expect([1023, 1024, 1536, 1024 ** 2, 5 * 1024 ** 3].map(size)).toEqual([
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '1 MiB',
    '5 GiB',
  ])
})

test('a share of nothing is no number', () => {
  expect([percent(1, 3), percent(0, 1), percent(0, 0)]).toEqual(['33.3 %', '0 %', '-'])
})

test('numbers have about three digits', () => {
  expect([0, 0.126, 1.26, 12.34, 123.4, 12_345].map(short)).toEqual([
    '0',
    '0.13',
    '1.3',
    '12.3',
    '123',
    '12345',
  ])
})

test('one is singular', () => {
  expect([count(0, 'answer'), count(1, 'answer'), count(2, 'entry', 'entries')]).toEqual([
    '0 answers',
    '1 answer',
    '2 entries',
  ])
})

test('a cut text says so', () => {
  expect([cut('abc', 3), cut('abcd', 3), cut('abc', 1), cut('abc', 0)]).toEqual(['abc', 'ab~', '~', '~'])
})

describe('columns', () => {
  const head = [
    { title: 'NAME', minWidth: 4 },
    { title: 'n', align: 'right' as const },
  ]

  test('stand under their titles, numbers at the right', () => {
    expect(
      columns(head, [
        ['a', '1'],
        ['bcdef', '100'],
      ]),
    ).toEqual(['NAME     n', 'a        1', 'bcdef  100'])
  })

  test('that may give way do so, down to their smallest width', () => {
    expect(columns(head, [['abcdefghij', '1']], 10)).toEqual(['NAME     n', 'abcdef~  1'])
    expect(columns(head, [['abcdefghij', '1']], 3)).toEqual(['NAME  n', 'abc~  1'])
  })

  test('a missing cell is empty', () => {
    expect(columns(head, [['a']])).toEqual(['NAME  n', 'a'])
  })
})
