/**
 * The package as a user gets it: packed, installed in an empty directory, its example compiled
 * with full type checking and run, and asked over the wire: all of it without the optional packages, whose types
 * the published ones may not need.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SocketmapClient } from '../../../src/index.ts'
import { programInto, startChild } from '../../support/gateway/built.ts'
import { testDirectory } from '../../support/wire/sockets.ts'

const ROOT = new URL('../../../', import.meta.url).pathname

/** Optional for mapgate, and needed by prom-client. */
const OF_OTHERS = new Set(['@opentelemetry/api'])

/** Where npm works, without its messages. */
function npm(directory: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Packs a copy of what was built. */
function pack(directory: string): string {
  const tree = join(directory, 'tree')
  mkdirSync(tree)
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  // The example and its types are what is tested here; scripts would build again.
  writeFileSync(join(tree, 'package.json'), JSON.stringify({ ...manifest, scripts: {} }))
  cpSync(join(ROOT, 'examples'), join(tree, 'examples'), { recursive: true })
  programInto(join(tree, 'dist'))
  return join(tree, npm(tree, 'pack', '--silent').trim())
}

test('the example compiles and runs from an installed package, without the optional ones', {
  timeout: 120_000,
}, async () => {
  const directory = testDirectory()
  const tarball = pack(directory)
  const home = join(directory, 'home')
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{"name":"home","private":true,"type":"module"}')
  npm(home, 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball)
  // As `npm install --omit=optional` leaves them out, which asks the registry for all of them again.
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const optional = Object.keys(optionalDependencies).filter((name) => !OF_OTHERS.has(name))
  expect(optional).toContain('lmdb')
  for (const name of optional) rmSync(join(home, 'node_modules', name), { recursive: true })
  copyFileSync(join(ROOT, 'examples/library.ts'), join(home, 'library.ts'))

  const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node']
  const options = [
    '--strict',
    '--skipLibCheck',
    'false',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    ...types,
    'library.ts',
  ]
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['--ignoreConfig', ...options], {
    cwd: home,
    stdio: 'pipe',
  })

  const child = startChild(process.execPath, [join(home, 'library.js'), 'inet:127.0.0.1:0'])
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
