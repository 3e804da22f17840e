/**
 * Whatever stands in the file, loading ends with a configuration or a ConfigError, soon and
 * with bounded memory.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { FIRST_FILE } from '../../../src/commands/init/init.ts'
import { fileSchema } from '../../../src/config/config-schema.ts'
import { ConfigError } from '../../../src/config/issue.ts'
import type { LoadedConfig } from '../../../src/config/load.ts'
import { parseConfig, SETTINGS_KINDS } from '../../../src/gateway/load-config.ts'
import type { SchemaNode } from '../../../src/schema/node.ts'

async function loadOrFail(text: string): Promise<LoadedConfig | ConfigError> {
  return parseConfig(text, 'mapgate.yaml', {
    env: { A: 'value' },
    readFile: async () => 'a-long-secret-text',
  }).catch((error: unknown) => {
    if (error instanceof ConfigError) return error
    throw error
  })
}

/** Values for every kind that a key can have, and for those that it cannot. */
const anyValue = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    660,
    1.5,
    '',
    'off',
    '5s',
    '1MiB',
    '{key}',
    '{',
    `\${env:A}`,
    '${',
    '$',
    's',
    'd',
    't',
    [],
  ),
  fc.constantFrom(
    'inet:127.0.0.1:1',
    'inet:0.0.0.0:1',
    'unix:/run/a',
    'http://a.example',
    'https://[',
    'virtual_alias_maps',
  ),
  fc.jsonValue({ maxDepth: 2 }),
)

/** Maps that use the keys of a schema node, with values that may or may not fit. */
function valueFor(schema: SchemaNode, depth: number): fc.Arbitrary<unknown> {
  if (depth === 0) return anyValue
  const { properties, additionalProperties, items } = schema
  const fitting: fc.Arbitrary<unknown>[] = [anyValue]
  if (schema.default !== undefined) fitting.push(fc.constant(schema.default))
  if (schema.enum !== undefined) fitting.push(fc.constantFrom(...schema.enum))
  for (const branch of [schema.then, schema.else]) if (branch) fitting.push(valueFor(branch, depth - 1))
  if (items !== undefined) fitting.push(fc.array(valueFor(items, depth - 1), { maxLength: 3 }))
  if (typeof additionalProperties === 'object') {
    const names = fc.constantFrom('t', 'u', 's', 'd', '__proto__', 'a b', 'constructor')
    fitting.push(fc.dictionary(names, valueFor(additionalProperties, depth - 1), { maxKeys: 3 }))
  }
  if (properties !== undefined) {
    const keys = Object.entries(properties).map(([key, part]) => [key, valueFor(part, depth - 1)] as const)
    const map = fc.record(Object.fromEntries(keys), { requiredKeys: [] })
    fitting.push(map, map, map, map)
  }
  return fc.oneof(...fitting)
}

describe('any text', () => {
  test('random text ends in a configuration or a ConfigError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        expect(await loadOrFail(text)).toBeDefined()
      }),
      { numRuns: 300 },
    )
  })

  test('a good file with a piece replaced ends in a configuration or a ConfigError', async () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom(
        '&a',
        '*a',
        '<<: *a',
        '? ',
        '- ',
        ': ',
        '\n',
        '\t',
        '"',
        '!!binary x',
        '!!set',
        '{',
        '[',
        '|',
        '# ',
        '...',
        '---',
      ),
    )
    const at = fc.nat({ max: FIRST_FILE.length })
    await fc.assert(
      fc.asyncProperty(at, fc.nat({ max: 30 }), piece, async (start, length, text) => {
        const changed = FIRST_FILE.slice(0, start) + text + FIRST_FILE.slice(start + length)
        expect(await loadOrFail(changed)).toBeDefined()
      }),
      { numRuns: 300 },
    )
  })

  test('right keys with any values end in a configuration or a ConfigError that names a place', async () => {
    await fc.assert(
      fc.asyncProperty(valueFor(fileSchema(SETTINGS_KINDS), 6), async (content) => {
        const result = await loadOrFail(stringify(content))
        if (result instanceof ConfigError) {
          expect(result.issues.length).toBeGreaterThan(0)
          for (const { line, column } of result.issues)
            expect(Math.min(line, column)).toBeGreaterThanOrEqual(1)
        }
      }),
      { numRuns: 400 },
    )
  }, 120_000)

  const hostile: [name: string, text: string, message: string][] = [
    ['brackets without end', '['.repeat(100_000), 'nested too deeply'],
    ['deep maps', `a: ${'{ a: '.repeat(80)}1${' }'.repeat(80)}`, 'too large or nested too deeply'],
    [
      'an alias bomb',
      `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`).join('\n')}`,
      'too large or nested too deeply',
    ],
    ['an alias to itself', 'a: &a [*a]', 'too large or nested too deeply'],
    ['a text that is too long', '#'.repeat(4 * 1024 * 1024 + 1), 'is longer than 4 MiB'],
    ['a key that is the prototype', '__proto__: { listeners: [] }', 'unknown key "__proto__"'],
  ]
  for (const [name, text, message] of hostile) {
    test(`${name} ends in a message`, async () => {
      expect(String(await loadOrFail(text))).toContain(message)
    })
  }

  test('twenty thousand unknown keys are reported, and in seconds', async () => {
    const keys = Array.from({ length: 20_000 }, (_, n) => `key${n}: 1`).join('\n')
    const result = await loadOrFail(keys)
    expect(result instanceof ConfigError && result.issues.length).toBeGreaterThanOrEqual(20_000)
  })
})
