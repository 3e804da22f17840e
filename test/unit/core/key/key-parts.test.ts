import { describe, expect, test } from 'vitest'
import { KEY_PART_NAMES, type KeyPartName, keyPart } from '../../../../src/core/key/key-parts.ts'

describe('keyPart', () => {
  const cases: [key: string, expected: Partial<Record<KeyPartName, string>>][] = [
    [
      'info@mail.a.example',
      {
        key: 'info@mail.a.example',
        user: 'info',
        domain: 'mail.a.example',
        domain1: 'example',
        domain2: 'a',
        domain3: 'mail',
      },
    ],
    [
      'a@b@c.example',
      { key: 'a@b@c.example', user: 'a@b', domain: 'c.example', domain1: 'example', domain2: 'c' },
    ],
    ['postmaster', { key: 'postmaster', user: 'postmaster' }],
    ['a.example', { key: 'a.example', user: 'a.example' }],
    ['@a.example', { key: '@a.example', domain: 'a.example', domain1: 'example', domain2: 'a' }],
    ['info@', { key: 'info@', user: 'info' }],
    ['@', { key: '@' }],
    ['', {}],
    ['<>', { key: '<>', user: '<>' }],
    ['x@a..example', { key: 'x@a..example', user: 'x', domain: 'a..example', domain1: 'example' }],
    ['x@example.', { key: 'x@example.', user: 'x', domain: 'example.' }],
    ['x@.example', { key: 'x@.example', user: 'x', domain: '.example', domain1: 'example' }],
    [
      'x@9.8.7.6.5.4.3.2.1',
      {
        key: 'x@9.8.7.6.5.4.3.2.1',
        user: 'x',
        domain: '9.8.7.6.5.4.3.2.1',
        ...{ domain1: '1', domain2: '2', domain3: '3', domain4: '4', domain5: '5' },
        ...{ domain6: '6', domain7: '7', domain8: '8', domain9: '9' },
      },
    ],
  ]
  for (const [key, expected] of cases) {
    test(`${JSON.stringify(key)} has exactly these parts: ${Object.keys(expected).join(' ')}`, () => {
      const parts = Object.fromEntries(
        KEY_PART_NAMES.flatMap((name) => {
          const part = keyPart(name, key, 'aliases')
          return part === undefined ? [] : [[name, part]]
        }),
      )
      expect(parts).toStrictEqual({ ...expected, table: 'aliases' })
    })
  }
})
