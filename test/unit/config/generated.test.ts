/**
 * What is made out of the schema is up to date. To write it again after a change:
 *   npx vitest run --project unit test/unit/config/generated.test.ts -u
 */
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configurationPage } from '../../../scripts/docs/configuration.ts'
import { FIRST_FILE } from '../../../src/commands/init/init.ts'
import { schemaText } from '../../../src/commands/schema/schema.ts'
import { parseConfig } from '../../../src/gateway/load-config.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'

const PAIR = selfSignedPair()
/** What the files hold that the first file names, by the end of their path. */
const FILES: readonly (readonly [string, string])[] = [
  ['/etc/group', 'postfix:x:115:\n'],
  ['key.pem', PAIR.key],
  ['.pem', PAIR.cert],
]

describe('what is made out of the schema', () => {
  test('the committed JSON Schema is the one of the program', async () => {
    await expect(schemaText()).toMatchFileSnapshot('../../../schema/mapgate.schema.json')
  })

  test('the committed reference page is the one of the program', async () => {
    await expect(configurationPage()).toMatchFileSnapshot('../../../docs/configuration.md')
  })

  test('the committed example is the file that init writes', async () => {
    await expect(FIRST_FILE).toMatchFileSnapshot('../../../examples/mapgate.yaml')
  })

  test('the first file has no problem and no warning', async () => {
    expect((await parseConfig(FIRST_FILE, 'mapgate.yaml')).warnings).toEqual([])
  })

  test('the first file with every comment that is a setting taken in has no problem', async () => {
    const settings = FIRST_FILE.replace(/^( *)# (?=( *[a-zA-Z]+:( |$)| *- [a-z{]))/gm, '$1')
    const config = await parseConfig(settings, 'mapgate.yaml', {
      readFile: async (path) => FILES.find(([end]) => path.endsWith(end))?.[1] ?? 'a-long-secret-text\n',
      tryFolder: async () => undefined,
      lookAtPath: async (path) => (path.endsWith('/cache') ? 'file' : 'folder'),
    })
    expect(config.listeners.map(({ protocol }) => protocol)).toEqual(['socketmap', 'socketmap', 'tcp_table'])
    expect(config.cacheFile).toBe('/var/lib/mapgate/cache')
    expect(config.warnings).toEqual([])
  })

  test('the shortest file of the reference page has no problem', async () => {
    const [, yaml = ''] = /```yaml\n([^`]*)```/.exec(configurationPage()) ?? []
    expect((await parseConfig(yaml, 'mapgate.yaml')).tables.get('aliases')?.upstreams).toEqual(['directory'])
  })

  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false })
  const validate = ajv.compile(JSON.parse(schemaText()))
  const judged: [name: string, yaml: string, valid: boolean][] = [
    ['the first file', FIRST_FILE, true],
    ['an unknown key', `${FIRST_FILE}\ncacheFil: x`, false],
    ['a reference in the place of a duration', `${FIRST_FILE}\nstop: { drainFor: "\${env:DRAIN}" }`, true],
    ['a duration without a unit', `${FIRST_FILE}\nstop: { drainFor: "10" }`, false],
  ]
  for (const [name, yaml, valid] of judged) {
    test(`the JSON Schema for editors ${valid ? 'takes' : 'refuses'} ${name}`, () => {
      expect(validate(parse(yaml))).toBe(valid)
    })
  }

  test('every key has a description', () => {
    const bare: string[] = []
    const look = (node: unknown, path: string): void => {
      if (node === null || typeof node !== 'object') return
      for (const [key, value] of Object.entries(node)) {
        // A condition has no keys of its own.
        if (key === 'if') continue
        if (key === 'properties') {
          for (const [name, part] of Object.entries(value as Record<string, { description?: string }>)) {
            if ((part.description ?? '').length < 10) bare.push(`${path}.${name}`)
          }
        }
        look(value, `${path}.${key}`)
      }
    }
    look(JSON.parse(schemaText()), '')
    expect(bare).toEqual([])
  })
})
