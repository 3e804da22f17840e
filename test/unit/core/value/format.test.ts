import { describe, expect, test } from 'vitest'
import type { LookupResult } from '../../../../src/core/result.ts'
import { compileFormat, formatResult } from '../../../../src/core/value/format.ts'

function shown(result: LookupResult): string {
  return result.kind === 'found' ? `=${result.value}` : result.kind
}

describe('response.format', () => {
  const cases: [sentence: string, values: string[], format: string, expected: string][] = [
    ['leaves a value as it is by default', ['a@b.example'], '{value}', '=a@b.example'],
    ['joins several', ['a', 'b'], '{value}', '=a, b'],
    ['is applied to each value', ['a', 'b'], 'smtp:[{value}]', '=smtp:[a], smtp:[b]'],
    ['takes an address apart', ['a@b.example'], '{valueDomain}/{valueUser}', '=b.example/a'],
    ['takes a value without @ as a user, as %u does', ['a'], '{valueUser}', '=a'],
    ['skips a value that lacks a part', ['a', 'b@c.example'], '{valueDomain}', '=c.example'],
    ['finds nothing when all values lack a part', ['a', 'b'], '{valueDomain}', 'notfound'],
    [
      'may name the key and its parts',
      ['OK'],
      '{value} {key} {user} {domain}',
      '=OK k@d.example k d.example',
    ],
    ['skips empty values', ['', 'a', ''], '{value}', '=a'],
    ['skips empty values also where it has other text', [''], 'x{value}', 'notfound'],
    ['skips what becomes empty', ['a'], '', 'notfound'],
    ['finds nothing without values', [], '{value}', 'notfound'],
    ['has double braces for single ones', ['a'], '{{{value}}}', '={a}'],
    ['allows as many values as it may', ['a', 'b', 'c'], '{value}', '=a, b, c'],
    ['does not cut one value more', ['a', 'b', 'c', 'd'], '{value}', 'temporary'],
    ['does not count what it skips', ['a', 'b', '', 'c'], '{value}', '=a, b, c'],
  ]
  for (const [sentence, values, format, expected] of cases) {
    test(sentence, () => {
      const compiled = compileFormat({ format, separator: ', ', maxValues: 3 })
      expect(shown(formatResult(values, 'k@d.example', compiled))).toBe(expected)
    })
  }

  test('finds nothing when it names a part that the key lacks', () => {
    const compile = (format: string) => compileFormat({ format, separator: ',', maxValues: 3 })
    expect(shown(formatResult(['a'], 'postmaster', compile('{domain}')))).toBe('notfound')
    expect(shown(formatResult(['a'], '', compile('{key}')))).toBe('notfound')
  })

  test('names the setting when there are too many values', () => {
    const result = formatResult(
      ['a', 'b'],
      'k',
      compileFormat({ format: '{value}', separator: ',', maxValues: 1 }),
    )
    expect(result.kind === 'temporary' ? result.reason : '').toMatch(
      /more than 1 values; see response\.maxValues/,
    )
  })

  test('is refused when it is no template', () => {
    expect(() => compileFormat({ format: '{vlaue}', separator: ',', maxValues: 1 })).toThrow(TypeError)
  })
})
