/**
 * Imports between the folders of `src` point one way, no file and no folder imports itself on any way, and each
 * package is used in the folders that may use it. The tables below are the law (CONTRIBUTING.md,
 * "Folders").
 */
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const SRC = new URL('../../src/', import.meta.url).pathname
const TEST = new URL('../', import.meta.url).pathname

/**
 * Folder to the folders it may import. No folder stands in a row above its own, so no two can
 * import each other. Files right below src: see {@link FOLDER_OF_FILE}.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  schema: ['core'],
  protocols: ['core', 'schema'],
  client: ['core', 'protocols'],
  server: ['core', 'protocols', 'client'],
  upstreams: ['core', 'schema'],
  persistence: ['core'],
  tier: ['core', 'persistence'],
  config: ['core', 'schema'],
  observability: ['core'],
  presentation: ['core'],
  admin: ['core', 'schema', 'config', 'observability', 'presentation'],
  library: ['core', 'protocols', 'client', 'server', 'upstreams'],
  gateway: [
    'core',
    'schema',
    'protocols',
    'client',
    'server',
    'upstreams',
    'persistence',
    'tier',
    'config',
    'observability',
    'admin',
  ],
  commands: [
    'core',
    'schema',
    'protocols',
    'client',
    'server',
    'upstreams',
    'config',
    'observability',
    'presentation',
    'admin',
    'gateway',
  ],
}

/** Files right below src, with the folder whose law they follow. */
const FOLDER_OF_FILE: Record<string, string> = {
  'gateway.ts': 'gateway',
  'cli.ts': 'cli',
  'index.ts': 'index',
}

/** What only the outermost files may do: the program is its commands, the package its library. */
const OUTERMOST: Record<string, readonly string[]> = {
  cli: ['commands'],
  index: ['core', 'protocols', 'client', 'server', 'upstreams', 'library'],
}

/** Folder to the packages from npm it may import. */
const PACKAGES: Record<string, readonly string[]> = {
  core: ['lru-cache'],
  schema: ['fastest-levenshtein'],
  protocols: [],
  client: [],
  server: [],
  upstreams: ['undici', 'json-p3', 're2js', 'lmdb', '@streamparser', 'csv-parse', 'oauth4webapi', 'jose'],
  persistence: [],
  tier: ['@redis'],
  config: ['yaml'],
  observability: ['prom-client', 'pino', '@opentelemetry'],
  presentation: [],
  admin: ['fastify', '@fastify', 'uplot', 'pino'],
  library: [],
  gateway: [],
  commands: ['commander', 'undici'],
  cli: [],
  index: [],
}

/** Folders that do no I/O. */
const PURE_FOLDERS = ['core', 'protocols', 'presentation']

/** What they may use of Node.js: bytes, digests and the reading of addresses, nothing that does I/O. */
const PURE_BUILTINS = ['node:buffer', 'node:crypto', 'node:net']

interface Import {
  readonly file: string
  readonly folder: string
  readonly target: string
}

function importsOf(file: string, text = readFileSync(join(SRC, file), 'utf8')): Import[] {
  const folder = folderOf(file)
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|import(?:\(\s*|\s+)['"]([^'"]+)['"]/g,
  )
  return Array.from(found, (match) => ({ file, folder, target: match[1] ?? match[2] ?? '' }))
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : (FOLDER_OF_FILE[file] ?? file)
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const imports = files.flatMap((file) => importsOf(file))

/** The imported file below src. */
function targetFile({ file, target }: Import): string {
  return join(dirname(file), target)
}

/** Every file that can be reached from itself. */
function filesInCircles(all: readonly Import[]): string[] {
  return inCircles(
    all.flatMap((one): Edge[] => (one.target.startsWith('.') ? [[one.file, targetFile(one)]] : [])),
  )
}

/**
 * Every folder that can be reached from itself, over folders that lie in the same one. What lies deeper in a folder
 * counts as this folder; files that lie beside folders bind them together, and count as none.
 */
function foldersInCircles(all: readonly Import[]): string[] {
  return inCircles(
    all.flatMap((one): Edge[] => {
      if (!one.target.startsWith('.')) return []
      const from = one.file.split('/').slice(0, -1)
      const to = targetFile(one).split('/').slice(0, -1)
      const shared = from.findIndex((name, at) => name !== to[at])
      if (shared === -1 || to.length <= shared) return []
      return [[from.slice(0, shared + 1).join('/'), to.slice(0, shared + 1).join('/')]]
    }),
  )
}

type Edge = readonly [from: string, to: string]

/** Everything that can be reached from itself. */
function inCircles(edges: readonly Edge[]): string[] {
  const next = new Map<string, string[]>()
  for (const [from, to] of edges) next.set(from, [...(next.get(from) ?? []), to])
  return [...next.keys()].filter((start) => {
    const seen = new Set<string>()
    const open = [...(next.get(start) ?? [])]
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (file === start) return true
      if (seen.has(file)) continue
      seen.add(file)
      open.push(...(next.get(file) ?? []))
    }
    return false
  })
}

function isAgainstTheLaw(one: Import): boolean {
  if (!one.target.startsWith('.')) return false
  const folder = folderOf(targetFile(one))
  return folder !== one.folder && !(MAY_IMPORT[one.folder] ?? OUTERMOST[one.folder])?.includes(folder)
}

describe('layers', () => {
  test('every folder of src has its line in the law', () => {
    const law = [...Object.keys(MAY_IMPORT), ...Object.keys(OUTERMOST)]
    expect([...new Set(files.map(folderOf))].sort()).toEqual(law.sort())
    expect(Object.keys(PACKAGES).sort()).toEqual(law.sort())
  })

  test('CONTRIBUTING.md shows the law', () => {
    const page = readFileSync(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8')
    const rows = Array.from(
      page.matchAll(/^\| `src\/(\w+)(?:\.ts|`).* \| ([^|]*) \|$/gm),
      ([, folder = '', may = '']) => [folder, may === 'nothing' ? [] : may.split(', ')],
    )
    expect(Object.fromEntries(rows)).toMatchObject(MAY_IMPORT)
  })

  test('the law has no two folders that may import each other, on any way', () => {
    const rows = Object.keys(MAY_IMPORT)
    for (const [row, folder] of rows.entries()) {
      for (const below of MAY_IMPORT[folder] ?? []) expect(rows.indexOf(below)).toBeLessThan(row)
    }
  })

  test('no file imports itself, on any way', () => {
    expect(filesInCircles(imports)).toEqual([])
  })

  test('no folder imports itself, on any way over the folders beside it', () => {
    expect(foldersInCircles(imports)).toEqual([])
  })

  test('the finder of circles of folders sees those of files that are in none', () => {
    const all = [
      ['a/b/x.ts', '../c/y.ts'],
      ['a/c/z.ts', '../d/deep/x.ts'],
      ['a/d/deep/y.ts', '../../b/x.ts'],
      ['a/b/x.ts', '../kind.ts'],
      ['a/registry.ts', './b/x.ts'],
      ['a/e/x.ts', '../b/x.ts'],
      ['f/x.ts', '../a/b/x.ts'],
    ].map(([file = '', target = '']) => ({ file, folder: '', target }))
    expect(foldersInCircles(all).sort()).toEqual(['a/b', 'a/c', 'a/d'])
  })

  test('the finder of circles sees the long ones, and only those who stand in them', () => {
    const all = ['a.ts b', 'b.ts c', 'c.ts b', 'c.ts d', 'd.ts e', 'e.ts b'].map((line) => {
      const [file = '', target = ''] = line.split(' ')
      return { file, folder: '', target: `./${target}.ts` }
    })
    expect(filesInCircles(all).sort()).toEqual(['b.ts', 'c.ts', 'd.ts', 'e.ts'])
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

  // docs/decisions/0011-few-packages.md: each brings others, and all of them are trusted.
  test('every user gets these packages and no other, in the bundle or beside it', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(Object.keys(dependencies).join(' ')).toBe('@streamparser/json csv-parse jose oauth4webapi')
    const used = imports
      .filter(({ target }) => !/^(?:\.|node:)/.test(target))
      .map(({ target }) => /^(?:@[^/]+\/)?[^/]+/.exec(target)?.[0])
    expect([...new Set(used)].sort().join(' ')).toBe(
      '@fastify/helmet @fastify/rate-limit @fastify/swagger @opentelemetry/api @opentelemetry/exporter-trace-otlp-http @opentelemetry/resources @opentelemetry/sdk-trace-base @redis/client @streamparser/json commander csv-parse fastest-levenshtein fastify jose json-p3 lru-cache oauth4webapi pino prom-client re2js undici uplot yaml',
    )
  })

  test('the core, the protocols and the presentation do no I/O', () => {
    const wrong = imports
      .filter(({ folder }) => PURE_FOLDERS.includes(folder))
      .filter(({ target }) => target.startsWith('node:') || builtinModules.includes(target))
      .filter(({ target }) => !PURE_BUILTINS.includes(target))
    expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([])
  })

  test('of node:net they use what reads addresses', () => {
    const used = files
      .filter((file) => PURE_FOLDERS.includes(folderOf(file)))
      .flatMap((file) =>
        Array.from(readFileSync(join(SRC, file), 'utf8').matchAll(/^import (.*) from 'node:net'/gm)),
      )
      .flatMap(([, names = '']) =>
        names
          .replace(/[{}]/g, '')
          .split(',')
          .map((name) => name.trim()),
      )
    expect(
      [...new Set(used)].filter((name) => !['BlockList', 'isIP', 'isIPv4', 'isIPv6'].includes(name)),
    ).toEqual([])
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
    expect(
      imports.some(({ file, target }) => file === 'core/lookup.ts' && target === './observed/explain.ts'),
    ).toBe(true)
  })
})

/** Files below a folder with more lines than these. */
function longer(folder: string, limit: number): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => readFileSync(join(folder, file), 'utf8').split('\n').length - 1 > limit)
}

test('no file is longer than 300 lines, and none of the tests than 400: one that is has more than one job', () => {
  expect(longer(SRC, 300)).toEqual([])
  expect(longer(TEST, 400)).toEqual([])
  expect(longer(TEST, 200)).toContain('unit/layers.test.ts')
})
