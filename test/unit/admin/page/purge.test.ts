import { describe, expect, test } from 'vitest'
import { type Purge, purgeOf, purgeQuestion } from '../../../../src/admin/page/purge.ts'

describe('a purge', () => {
  const kinds: [kind: string, value: string, expected: Purge | undefined][] = [
    ['key', '', undefined],
    ['key', ' a', { kind: 'key', value: ' a' }],
    ['domain', ' @b.example ', { kind: 'domain', value: 'b.example' }],
    ['domain', '@', undefined],
    ['all', 'x', { kind: 'all' }],
  ]
  for (const [kind, value, expected] of kinds) {
    test(`of ${kind} "${value}" means ${JSON.stringify(expected)}`, () =>
      expect(purgeOf(kind, value)).toEqual(expected))
  }

  test('asks with what will be forgotten', () => {
    const table = { name: 't', cache: { foundEntries: 1200, negativeEntries: 3, bytes: 1 } }
    const questions = [
      purgeQuestion(table, { kind: 'all' }),
      purgeQuestion({ name: 't' }, { kind: 'all' }),
      purgeQuestion(table, { kind: 'key', value: 'a b' }),
      purgeQuestion(table, { kind: 'domain', value: 'b.example' }),
    ]
    expect(questions.map(({ question }) => question)).toEqual([
      'Forget every stored answer of table t: 1,200 found and 3 not found.',
      'Forget every stored answer of table t: 0 found and 0 not found.',
      'Forget the stored answer of "a b" in table t.',
      'Forget the stored answer of every key in b.example, in table t.',
    ])
  })
})
