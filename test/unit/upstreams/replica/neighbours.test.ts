/**
 * Which keys of a copy are asked for while another key fails.
 */
import { expect, test } from 'vitest'
import { neighboursOf } from '../../../../src/upstreams/replica/neighbours.ts'

function neighbours(key: string, ...keys: string[]): readonly string[] {
  const sorted = keys.toSorted()
  return neighboursOf(key, (after, limit) =>
    sorted.filter((one) => after === undefined || one > after).slice(0, limit),
  )
}

const users = (count: number, domain: string): string[] =>
  Array.from({ length: count }, (_, at) => `user${String(at).padStart(3, '0')}@${domain}`)

for (const [name, keys, expected] of [
  [
    'the next one in order, and one of another domain',
    ['bob@b.example', ...users(3, 'a.example')],
    ['user000@a.example', 'bob@b.example'],
  ],
  [
    'of a third domain rather than of the domain that fails',
    ['olga@b.example', 'ann@a.example', 'xi@c.example'],
    ['olga@b.example', 'xi@c.example'],
  ],
  [
    'the other domain is seen from far away',
    [...users(100, 'a.example'), 'wim@b.example'],
    ['user000@a.example', 'wim@b.example'],
  ],
  [
    'one far away where there is one domain',
    ['ann@a.example', 'olga@a.example', 'zoe@a.example'],
    ['olga@a.example', 'zoe@a.example'],
  ],
  ['the only one', ['ann@a.example'], ['ann@a.example']],
  ['never the key itself', ['new@a.example'], []],
  ['none of an empty copy', [], []],
] as const) {
  test(name, () => expect(neighbours('new@a.example', ...keys)).toEqual(expected))
}
