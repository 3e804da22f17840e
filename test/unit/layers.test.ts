/**
 * Imports between the folders of `src` point one way, and each package is used in the
 * folders that may use it. The tables below are the law (CONTRIBUTING.md, "Folders").
 */
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const SRC = new URL('../../src/', import.meta.url).pathname

/** Folder to the folders it may import. A file right below src may import everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  protocols: ['core'],
  client: ['core', 'protocols'],
  server: ['core', 'protocols'],
  upstreams: ['core'],
  persistence: ['core'],
  config: ['core'],
  observability: ['core'],
  admin: ['core', 'config', 'observability'],
  library: ['core', 'protocols', 'client', 'server'],
}

/** Folder to the packages from npm it may import. */
const PACKAGES: Record<string, readonly string[]> = {
  core: ['lru-cache'],
  protocols: [],
  client: [],
  server: [],
  upstreams: ['undici', 'json-p3'],
  persistence: [],
  config: ['yaml', 'fastest-levenshtein'],
  observability: ['prom-client', 'pino', 'pino-pretty', '@opentelemetry'],
  admin: ['fastify', '@fastify', 'uplot', 'pino'],
  library: [],
}

/** What the core and the protocols may use of Node.js: bytes and digests, nothing that does I/O. */
const PURE_BUILTINS = ['node:buffer', 'node:crypto']

interface Import {
  readonly file: string
  readonly folder: string
  readonly target: string
}

function importsOf(file: string, text = readFileSync(join(SRC, file), 'utf8')): Import[] {
  const folder = file.includes('/') ? file.slice(0, file.indexOf('/')) : ''
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|import(?:\(\s*|\s+)['"]([^'"]+)['"]/g,
  )
  return Array.from(found, (match) => ({ file, folder, target: match[1] ?? match[2] ?? '' }))
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const imports = files.flatMap((file) => importsOf(file)).filter(({ folder }) => folder in MAY_IMPORT)

function targetFolder({ file, target }: Import): string {
  const path = relative(SRC, join(SRC, dirname(file), target))
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

function isAgainstTheLaw(one: Import): boolean {
  if (!one.target.startsWith('.')) return false
  const folder = targetFolder(one)
  return folder !== one.folder && !MAY_IMPORT[one.folder]?.includes(folder)
}

describe('layers', () => {
  test('every folder of src has its line in the law', () => {
    const folders = new Set(
      files.filter((file) => file.includes('/')).map((file) => file.slice(0, file.indexOf('/'))),
    )
    expect([...folders].filter((name) => !(name in MAY_IMPORT)).sort()).toEqual(
      [...folders].filter((name) => name === 'commands' || name === 'gateway').sort(),
    )
  })

  test('imports between folders point one way', () => {
    const wrong = imports.filter(isAgainstTheLaw)
    expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([])
  })

  test('a package from npm is used in its folders only', () => {
    const wrong = imports
      .filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
      .filter(({ folder, target }) => {
        const scope = target.split('/')[0] ?? target
        return !PACKAGES[folder]?.some((name) => name === scope)
      })
    expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([])
  })

  test('the core and the protocols do no I/O', () => {
    const wrong = imports
      .filter(({ folder }) => folder === 'core' || folder === 'protocols')
      .filter(({ target }) => target.startsWith('node:') || builtinModules.includes(target))
      .filter(({ target }) => !PURE_BUILTINS.includes(target))
    expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([])
  })

  for (const statement of [
    "import { a } from '../server/session.ts'",
    "import type { A } from '../server/session.ts'",
    "import * as a from '../gateway.ts'",
    "import {\n  a,\n} from '../server/session.ts'",
    "import '../server/session.ts'",
    "export { a } from '../server/session.ts'",
    "export * from '../server/session.ts'",
    "const a = await import('../server/session.ts')",
    "let a: import('../server/session.ts').Session",
  ]) {
    test(`in the core this is against the law: ${statement}`, () => {
      expect(importsOf('core/a.ts', `/** A file. */\n${statement}\n`).filter(isAgainstTheLaw)).toHaveLength(1)
    })
  }

  test('the finder of imports sees the ones this program has', () => {
    expect(imports.some(({ file, target }) => file === 'core/lookup.ts' && target === './explain.ts')).toBe(
      true,
    )
  })
})
