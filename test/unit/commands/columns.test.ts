import { describe, expect, test } from 'vitest'
import { columns, cut } from '../../../src/commands/columns.ts'

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
