/**
 * The npm package: what is in it, and that its program and its library work from the tarball in
 * an empty directory, on the oldest supported Node.js and on a new one.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { SocketmapClient } from '../../src/index.ts'
import { programInto, startChild } from '../support/gateway/built.ts'
import { ROOT, runOk } from './run.ts'

/** Ours: above the size when this was written, 2.1 MB of which the source maps are half; the types and licences of all packages would be as much again. */
const MAX_PACKED_BYTES = 2_300_000

/** Optional for mapgate, and needed by prom-client. */
const OF_OTHERS = new Set(['@opentelemetry/api'])

const TOP_LEVEL = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']

/** A server and a client of the library in one process, over a real socket. */
const LIBRARY = `
import { SocketmapClient, SocketmapServer } from 'mapgate'
const server = new SocketmapServer({ aliases: (key) => (key === 'a@a.example' ? 'b@b.example' : undefined) })
const client = new SocketmapClient({ address: await server.listen('inet:127.0.0.1:0') })
console.log(process.versions.node.split('.')[0], JSON.stringify(await client.lookup('aliases', 'a@a.example')))
client.close()
await server.close()
`

const folder = mkdtempSync(join(tmpdir(), 'mapgate-npm-'))
const home = join(folder, 'home')
let packed: { filename: string; size: number; files: { path: string }[] }

beforeAll(async () => {
  const tree = join(folder, 'tree')
  mkdirSync(tree)
  for (const name of [...TOP_LEVEL, 'examples'])
    cpSync(join(ROOT, name), join(tree, name), { recursive: true })
  // What must stay out.
  for (const name of ['src', 'packaging', 'monitoring', 'docs'])
    cpSync(join(ROOT, name), join(tree, name), { recursive: true })
  programInto(join(tree, 'dist'))
  const answer: unknown = JSON.parse(
    await runOk('npm', ['pack', '--json', '--ignore-scripts'], { cwd: tree }),
  )
  // npm 11.19 gives an object by name, older ones a list.
  ;[packed] = Object.values(answer as Record<string, typeof packed>) as [typeof packed]
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{"name":"home","private":true,"type":"module"}')
  writeFileSync(join(home, 'library.mjs'), LIBRARY)
  const tarball = join(tree, packed.filename)
  await runOk('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: home })
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('it has the program, its types and the examples, and nothing else', () => {
  const others = packed.files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^dist\/[\w-]+\.js(?:\.map)?$|^dist\/.*\.d\.ts$|^dist\/THIRD-PARTY-LICENSES\.txt$|^dist\/admin\/.*\.js$|^dist\/admin\/.*\.(?:html|css|svg)$|^examples\//.test(
          path,
        ),
    )
  expect(others.sort()).toEqual(TOP_LEVEL)
  const paths = packed.files.map(({ path }) => path)
  expect(paths).toEqual(
    expect.arrayContaining(['dist/index.d.ts', 'dist/cli.js', 'dist/admin/page/index.html']),
  )
  expect(packed.size).toBeLessThan(MAX_PACKED_BYTES)
})

describe.each([
  ['20', async () => process.execPath],
  [
    '24',
    async () =>
      (await runOk('npx', ['-y', '-p', 'node@24', 'node', '-p', 'process.execPath'], { cwd: folder })).trim(),
  ],
] as const)('on Node.js %s', (major, findNode) => {
  let node = ''

  beforeAll(async () => {
    node = await findNode()
  }, 120_000)

  test('the program runs', async (context) => {
    if (major === '20' && !process.version.startsWith('v20.'))
      context.skip(`this is Node.js ${process.version}`)
    const bin = join(home, 'node_modules/.bin/mapgate')
    expect(await runOk(node, [bin, '--version'], { cwd: home })).toMatch(/^mapgate \d+\.\d+\.\d+/)
    const examples = join(home, 'node_modules/mapgate/examples')
    await runOk(node, [bin, 'check', '-c', join(examples, 'demo.yaml')], { cwd: home })
  })

  test('what was compiled is kept in the folder of the service, where Node.js can', async (context) => {
    if (major === '20' && !process.version.startsWith('v20.'))
      context.skip(`this is Node.js ${process.version}`)
    const cache = mkdtempSync(join(folder, 'cache-'))
    const bin = join(home, 'node_modules/.bin/mapgate')
    const run = (env: Record<string, string>) =>
      runOk(node, [bin, '--version'], { cwd: home, env: { TMPDIR: cache, ...env } })
    await run({})
    expect(readdirSync(cache)).toEqual([])
    await run({ CACHE_DIRECTORY: `${cache}:/elsewhere` })
    expect(readdirSync(cache)).toEqual(major === '20' ? [] : ['compiled'])
    // One that is no folder is none.
    await run({ CACHE_DIRECTORY: '/dev/null' })
    if (major === '20') return
    const kept = readdirSync(join(cache, 'compiled'), { recursive: true, withFileTypes: true })
    // The program and what it is loaded with, but not the file that starts it.
    expect(kept.filter((entry) => entry.isFile()).length).toBeGreaterThan(1)
  })

  test('the library serves and asks', async (context) => {
    if (major === '20' && !process.version.startsWith('v20.'))
      context.skip(`this is Node.js ${process.version}`)
    expect(await runOk(node, ['library.mjs'], { cwd: home })).toBe(
      `${major} {"kind":"found","value":"b@b.example"}\n`,
    )
  })
})

test('the example of the library compiles with full type checking and runs, without the optional packages, whose types it may not need', async () => {
  const bare = join(folder, 'bare')
  cpSync(home, bare, { recursive: true, verbatimSymlinks: true })
  // As `npm install --omit=optional` leaves them out, which asks the registry for all of them again.
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const optional = Object.keys(optionalDependencies).filter((name) => !OF_OTHERS.has(name))
  expect(optional).toContain('lmdb')
  for (const name of optional) rmSync(join(bare, 'node_modules', name), { recursive: true })
  cpSync(join(ROOT, 'examples/library.ts'), join(bare, 'library.ts'))

  const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node']
  const options = ['--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2023']
  const compiler = join(ROOT, 'node_modules/.bin/tsc')
  await runOk(compiler, ['--ignoreConfig', ...options, ...types, 'library.ts'], { cwd: bare })

  const child = startChild(process.execPath, [join(bare, 'library.js'), 'inet:127.0.0.1:0'])
  const address = (await child.line()).replace('listening on ', '')
  const client = new SocketmapClient({ address, timeoutMs: 10_000 })
  onTestFinished(() => client.close())
  expect(await client.lookup('aliases', 'Info@company.example')).toEqual({
    kind: 'found',
    value: 'alice@company.example, bob@company.example',
  })
  expect(await client.lookup('aliases', 'nobody@company.example')).toEqual({ kind: 'notfound' })
  expect(await client.lookup('domains', 'company.example')).toEqual({ kind: 'found', value: 'yes' })
  expect(await client.lookup('transport', 'company.example')).toMatchObject({ kind: 'temporary' })
})
