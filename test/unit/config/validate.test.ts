/**
 * The reader of schemas finds what ajv finds: ajv is the judge, on the schema of the configuration
 * and on data that goes wrong in one place or in several.
 */
import { Ajv, type ErrorObject } from 'ajv'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fileSchema, inputSchema } from '../../../src/config/config-schema.ts'
import { SETTINGS_KINDS } from '../../../src/gateway/load-config.ts'
import { type SchemaNode, transform } from '../../../src/schema/node.ts'
import type { Tree, TreeMap } from '../../../src/schema/tree.ts'
import { parseDuration, parseSize } from '../../../src/schema/units.ts'
import { failuresOf } from '../../../src/schema/validate.ts'

/** The keywords that are functions, and so no JSON Schema, have tests of their own. */
const schema = withoutFunctions(inputSchema(fileSchema(SETTINGS_KINDS)))
const ajv = new Ajv({ allErrors: true, strictTypes: false, strictRequired: false })
ajv.addVocabulary([
  'expected',
  'defaultText',
  'secret',
  'sent',
  'file',
  'partOf',
  'stopgap',
  'whyNeeded',
  'misplaced',
  'kinds',
])
for (const [keyword, parse] of [
  ['duration', parseDuration],
  ['size', parseSize],
] as const) {
  ajv.addKeyword({
    keyword,
    type: 'string',
    validate: ({ min, max }: { min: string; max: string }, value: string) => {
      const amount = parse(value)
      return amount !== undefined && amount >= (parse(min) ?? 0) && amount <= (parse(max) ?? 0)
    },
  })
}
const validate = ajv.compile(schema)

function withoutFunctions(node: SchemaNode): SchemaNode {
  return transform(node, ({ syntax: _s, entry: _e, decode: _d, ...rest }) => rest)
}

/** What ajv finds, as `place: keyword key`; of a value of the wrong type only that. */
function byAjv(data: Tree): string[] {
  validate(data)
  const errors = (validate.errors ?? []).filter(
    // `if`, and the pattern of a name, are reported by another error beside them.
    ({ keyword, propertyName }) => keyword !== 'if' && propertyName === undefined,
  )
  const wrongType = new Set(errors.filter(({ keyword }) => keyword === 'type').map(placeOf))
  return errors
    .filter((error) => error.keyword === 'type' || !wrongType.has(placeOf(error)))
    .map(({ instancePath, keyword, params }) =>
      line(instancePath, keyword, params.additionalProperty ?? params.missingProperty ?? params.propertyName),
    )
    .sort()
}

const placeOf = ({ instancePath }: ErrorObject): string => instancePath
const line = (place: string, keyword: string, key = ''): string => `${place}: ${keyword} ${key}`

function byReader(data: Tree): string[] {
  return failuresOf(data, schema)
    .map(({ path, keyword, key }) => line(pointer(path), keyword, key))
    .sort()
}

/** RFC 6901. */
function pointer(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** Something in nearly every section. */
const GOOD: TreeMap = {
  listeners: [
    { protocol: 'socketmap', listen: 'inet:127.0.0.1:0', allow: ['::1'], mode: '0660', maxConnections: 1 },
  ],
  admin: {
    listen: 'inet:127.0.0.1:0',
    anonymous: 'viewer',
    tokens: [{ token: 'a'.repeat(40), role: 'viewer' }],
  },
  upstreams: {
    directory: {
      endpoints: ['http://a.example'],
      timeout: '2s',
      maxBodyBytes: '1MiB',
      circuitBreaker: { failures: 5 },
    },
    fixed: { entries: { a: 'b', c: ['d', 'e'] } },
  },
  tables: {
    aliases: {
      upstream: ['directory', 'fixed'],
      request: { path: '/a/{key}', headers: { x: 'y' }, json: { any: [1, null] } },
      response: { value: '$.goto', found: [200], maxValues: 10 },
      search: 'address',
      cache: { ttl: '60s', jitter: 0.1, maxBytes: '64MiB' },
    },
    other: { upstream: 'directory', cache: 'off', domains: { table: 'aliases' } },
  },
  defaults: { table: { deadline: '5s' }, upstream: { attempts: 2 } },
  log: { level: 'info' },
}

/** The paths of every value in a tree. */
function placesIn(tree: Tree, path: string[] = []): string[][] {
  if (tree === null || typeof tree !== 'object') return [path]
  return [path, ...Object.entries(tree).flatMap(([key, value]) => placesIn(value, [...path, key]))]
}

function changed(tree: Tree, [first, ...rest]: readonly string[], change: (value: Tree) => Tree): Tree {
  if (first === undefined) return change(tree)
  // What an earlier change has replaced has no such part any more.
  if (tree === null || typeof tree !== 'object' || !Object.hasOwn(tree, first)) return tree
  const copy = structuredClone(tree) as TreeMap
  copy[first] = changed(copy[first] as Tree, rest, change)
  return copy
}

const ODD: readonly Tree[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e9,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  'x',
  'off',
  '0660',
  '5s',
  '100d',
  '0ms',
  '1KiB',
  '9GiB',
  '$.a',
  '/p',
  '\u{1f600}',
  '\ud800',
  'a'.repeat(15),
  [],
  [''],
  [1],
  [[]],
  {},
  { x: 1 },
  { 'a b': {} },
  { 'a~/b': [] },
  // As a literal it would set the prototype.
  JSON.parse('{ "__proto__": "x", "constructor": 1 }'),
]

/** Every keyword that a schema may have: those that are checked, and those that only tell people something. */
const KEYWORDS: Record<keyof SchemaNode, 'checked' | 'told'> = {
  type: 'checked',
  description: 'told',
  default: 'told',
  defaultText: 'told',
  expected: 'told',
  examples: 'told',
  secret: 'told',
  sent: 'told',
  file: 'told',
  partOf: 'told',
  stopgap: 'told',
  whyNeeded: 'told',
  misplaced: 'told',
  kinds: 'told',
  decode: 'told',
  syntax: 'checked',
  entry: 'checked',
  const: 'checked',
  duration: 'checked',
  size: 'checked',
  enum: 'checked',
  pattern: 'checked',
  minimum: 'checked',
  maximum: 'checked',
  minLength: 'checked',
  maxLength: 'checked',
  minItems: 'checked',
  maxItems: 'checked',
  required: 'checked',
  properties: 'checked',
  items: 'checked',
  additionalProperties: 'checked',
  propertyNames: 'checked',
  if: 'checked',
  // biome-ignore lint/suspicious/noThenProperty: the keyword's name, and nobody awaits this
  then: 'checked',
  else: 'checked',
}

/** The keywords of a schema and of all schemas in it. */
function keywordsIn(node: SchemaNode): string[] {
  const { properties = {}, items, additionalProperties, propertyNames, if: condition } = node
  const parts = [...Object.values(properties), items, propertyNames, condition, node.then, node.else]
  if (typeof additionalProperties === 'object') parts.push(additionalProperties)
  return [...Object.keys(node), ...parts.flatMap((part) => (part === undefined ? [] : keywordsIn(part)))]
}

describe('failuresOf', () => {
  test('finds nothing in a good configuration, as ajv does not', () => {
    expect([byReader(GOOD), byAjv(GOOD)]).toEqual([[], []])
  })

  for (const place of placesIn(GOOD)) {
    test(`finds what ajv finds for every odd value at /${place.join('/')}`, () => {
      for (const odd of ODD) {
        const data = changed(GOOD, place, () => odd)
        expect(byReader(data)).toEqual(byAjv(data))
      }
    })

    test(`finds what ajv finds without, and with one more than, the keys at /${place.join('/')}`, () => {
      const whole = changed(GOOD, place, (value) => (isMap(value) ? { ...value, 'an odd one': 'x' } : value))
      expect(byReader(whole)).toEqual(byAjv(whole))
      const less = changed(GOOD, place, (value) =>
        isMap(value) ? Object.fromEntries(Object.entries(value).slice(1)) : value,
      )
      expect(byReader(less)).toEqual(byAjv(less))
    })
  }

  test('finds what ajv finds when several things are wrong', () => {
    const edit = fc.tuple(fc.constantFrom(...placesIn(GOOD)), fc.constantFrom(...ODD))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
        const data = edits.reduce<Tree>((tree, [place, odd]) => changed(tree, place, () => odd), GOOD)
        expect(byReader(data)).toEqual(byAjv(data))
      }),
    )
  })

  const texts: [minLength: number, maxLength: number, text: string, fits: boolean][] = [
    [2, 3, '\u{1f600}', false],
    [2, 3, '\u{1f600}\u{1f600}', true],
    [2, 3, '\u{1f600}\u{1f600}\u{1f600}', true],
    [2, 3, 'abcd', false],
  ]
  for (const [minLength, maxLength, text, fits] of texts) {
    test(`${text} ${fits ? 'has' : 'has not'} ${minLength} to ${maxLength} characters`, () => {
      expect(failuresOf(text, { type: 'string', minLength, maxLength }).length === 0).toBe(fits)
    })
  }

  test('the schema of the configuration has no keyword that nobody checks', () => {
    expect(Array.from(new Set(keywordsIn(schema))).filter((keyword) => !(keyword in KEYWORDS))).toEqual([])
  })

  test('a type that no schema has is a defect', () => {
    expect(() => failuresOf('a', { type: 'text' })).toThrow('a schema with the type text')
  })
})

function isMap(value: Tree): value is TreeMap {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
