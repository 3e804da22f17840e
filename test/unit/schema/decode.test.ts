/**
 * Checked data becomes settings: every key there, units in numbers, names that say the unit.
 */
import { expect, expectTypeOf, test } from 'vitest'
import { decode, fillDefaults } from '../../../src/schema/decode.ts'
import type { SchemaNode } from '../../../src/schema/node.ts'
import { type Settings, Type } from '../../../src/schema/schema.ts'
import {
  count,
  duration,
  eitherType,
  file,
  flag,
  headerMap,
  oneOf,
  oneOrMore,
  optionalDuration,
  size,
  text,
} from '../../../src/schema/values.ts'

const Thing = Type.Object({
  timeout: duration({ min: '1ms', max: '1d' }, '2s', 'A duration.'),
  hedgeAfter: optionalDuration({ min: '1ms', max: '1d' }, 'never', 'Another.'),
  maxBytes: size({ min: '1B', max: '1GiB' }, '1KiB', 'A size.'),
  attempts: count(1, 9, 2, 'A number.'),
  isFast: flag(false, 'A flag.'),
  level: oneOf(['low', 'high'], { default: 'low', description: 'A word.' }),
  name: Type.Optional(text('A text.')),
  cert: Type.Optional(file('A file.')),
  uses: oneOrMore('A list.', { default: [] }),
  headers: headerMap('Headers.'),
  cache: eitherType<unknown, { readonly ttlMs: number } | undefined>(
    { ...Type.Object({ ttl: duration({ min: '0ms', max: '1d' }, '1m', 'A duration.') }), type: 'object' },
    { type: 'string', enum: ['off'] },
    { default: {}, decode: (value: unknown) => (value === 'off' ? undefined : value) },
  ),
})

const settingsOf = (data: object): Settings<typeof Thing> =>
  decode(fillDefaults(data as never, Thing as SchemaNode), Thing, '/etc/thing')

test('every key is there, with its default or undefined', () => {
  expect(settingsOf({})).toStrictEqual({
    timeoutMs: 2000,
    hedgeAfterMs: undefined,
    maxBytes: 1024,
    attempts: 2,
    isFast: false,
    level: 'low',
    name: undefined,
    cert: undefined,
    uses: [],
    headers: new Map(),
    cache: { ttlMs: 60_000 },
  })
})

test('values are decoded by their kind', () => {
  const data = {
    timeout: '1.5s',
    hedgeAfter: '1d',
    maxBytes: '2MiB',
    cert: 'sub/c.pem',
    uses: 'one',
    headers: { 'X-A': 'B' },
    cache: 'off',
  }
  expect(settingsOf(data)).toMatchObject({
    timeoutMs: 1500,
    hedgeAfterMs: 86_400_000,
    maxBytes: 2_097_152,
    cert: '/etc/thing/sub/c.pem',
    uses: ['one'],
    headers: new Map([['x-a', 'B']]),
    cache: undefined,
  })
})

test('a list stays a list, and an absolute path as it is', () => {
  expect(settingsOf({ uses: ['a', 'b'], cert: '/c.pem' })).toMatchObject({ uses: ['a', 'b'], cert: '/c.pem' })
})

test('the type of the settings follows the schema', () => {
  expectTypeOf<Settings<typeof Thing>>().toExtend<{
    readonly timeoutMs: number
    readonly hedgeAfterMs: number | undefined
    readonly level: 'low' | 'high'
    readonly uses: readonly string[]
  }>()
})

test('what was not checked is a defect', () => {
  expect(() => settingsOf({ timeout: 'soon' })).toThrow('an unchecked duration or size')
})
