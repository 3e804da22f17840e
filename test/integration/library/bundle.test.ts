/**
 * The files that `npm run build` makes: what they need beside themselves, and whose licences are with them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const DIST = new URL('../../../dist/', import.meta.url).pathname
const read = (name: string) => readFileSync(join(DIST, name), 'utf8')
const files = readdirSync(DIST).filter((name) => name.endsWith('.js'))

/** What a file loads with itself; `all`: also what it may load later. */
function loadedBy(text: string, all: boolean): string[] {
  const statements = Array.from(
    text.matchAll(/^(?:import|export) (?:[^'"`;]*? from )?"([^"]+)";$/gm),
    ([, target = '']) => target,
  )
  const later = Array.from(text.matchAll(/\bimport\("([^"]+)"\)/g), ([, target = '']) => target)
  return all ? [...statements, ...later] : statements
}

test('they need no package but those that are installed with them', () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const installed = Object.keys({ ...dependencies, ...optionalDependencies })
  const needed = files
    .flatMap((name) => loadedBy(read(name), true))
    .filter((target) => !target.startsWith('.') && !isBuiltin(target))
  expect(needed.length).toBeGreaterThan(5)
  expect([...new Set(needed)].filter((target) => !installed.includes(target))).toEqual([])
})

test('a start of the gateway reads five files', () => {
  const seen = new Set<string>()
  const open = ['cli.js', ...files.filter((name) => /^(?:program|serve)-/.test(name))]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    for (const target of loadedBy(read(name), false)) if (target.startsWith('./')) open.push(target.slice(2))
  }
  const shown = Array.from(seen, (name) => name.replace(/-[\w-]{8}\.js$/, '-HASH.js'))
  expect([...new Set(shown)].sort()).toEqual([
    'cli.js',
    'first-HASH.js',
    'program-HASH.js',
    'rolldown-runtime-HASH.js',
    'serve-HASH.js',
  ])
})

test('what is loaded before there is a compile cache is next to nothing', () => {
  const targets = loadedBy(read('cli.js'), false).filter((target) => target.startsWith('./'))
  expect(targets.map((target) => target.replace(/-[\w-]{8}\.js$/, ''))).toEqual(['./first'])
  expect(read(targets[0] ?? '').length).toBeLessThan(10_000)
})

test('a thread and the library read one file each', () => {
  for (const name of ['index.js', 'watchdog-thread.js', 'copy-thread.js', 'directory-process.js'])
    expect(loadedBy(read(name), true).filter((target) => target.startsWith('.'))).toEqual([])
})

test('no file has a character that takes two bytes for all', () => {
  for (const name of files) expect(read(name)).not.toMatch(/[^\0-\xff]/)
})

test('the licence of each package is there, with its text', () => {
  const text = read('THIRD-PARTY-LICENSES.txt')
  for (const name of [
    'undici',
    'fastify',
    'pino',
    'yaml',
    'commander',
    'lru-cache',
    're2js',
    '@fastify/helmet',
  ])
    expect(text).toMatch(new RegExp(`^-{80}\n${name} \\d+\\.\\d+\\.\\d+, [\\w.-]+\n\n.{40}`, 'ms'))
  expect(text).not.toContain('undefined')
  expect(text).not.toMatch(/^(?:lmdb|jose|@opentelemetry)/m)
})
