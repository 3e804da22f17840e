/**
 * The program where the optional package lmdb is not installed: it says how to get it, does all the rest, and compiles.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { programInto } from '../../support/gateway/built.ts'
import { suiteCleanup } from '../../support/programs/suite-cleanup.ts'
import { folderFor, replicaYaml } from './replicated.ts'

const cleanup = suiteCleanup()
let folder = ''
let cli = ''

beforeAll(() => {
  folder = folderFor(cleanup)
  programInto(join(folder, 'dist'))
  cpSync('package.json', join(folder, 'package.json'))
  cli = join(folder, 'dist/cli.js')
  // All that is installed but lmdb.
  const packages = join(folder, 'node_modules')
  mkdirSync(packages)
  for (const name of readdirSync('node_modules'))
    if (name !== 'lmdb' && name !== '@lmdb')
      symlinkSync(join(process.cwd(), 'node_modules', name), join(packages, name))
})

function check(yaml: string) {
  writeFileSync(join(folder, 'mapgate.yaml'), yaml)
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'check'], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, out: stdout + stderr }
}

describe('without lmdb', () => {
  test('a replica is refused with the way out', () => {
    const { status, out } = check(replicaYaml('http://127.0.0.1:1', join(folder, 'replica'), '', 'cache: {}'))
    expect(status).toBe(1)
    expect(out).toMatch(
      /tables\.mailboxes\.replica: a replica needs the package lmdb, which cannot be loaded here; install it with npm install lmdb \(Cannot find module 'lmdb'\)/,
    )
  })

  test('a store on this machine is refused with the way out, and by serve with the status of a wrong configuration', () => {
    const yaml = `listeners: [{ protocol: memcache, listen: "inet:127.0.0.1:0" }]
upstreams: { learned: { store: { directory: "${join(folder, 'store')}" } } }
tables: { verify: { upstream: learned } }
`
    const { status, out } = check(yaml)
    expect(status).toBe(1)
    expect(out).toMatch(
      /upstreams\.learned\.store: a store needs the package lmdb, which cannot be loaded here; install it with npm install lmdb \(Cannot find module 'lmdb'\)/,
    )
    const served = spawnSync(process.execPath, [cli, 'serve'], { cwd: folder, encoding: 'utf8' })
    expect([served.status, served.stderr]).toEqual([78, expect.stringContaining('needs the package lmdb')])
  })

  test('everything else works', () => {
    const yaml = replicaYaml('http://127.0.0.1:1', folder, '', '').replace(/ {4}replica:\n(?: {6}.*\n)*/, '')
    expect(yaml).not.toContain('replica:')
    expect(check(yaml)).toMatchObject({ status: 0 })
  })

  test('the program compiles: none of its types are from there', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )
    expect(sources.length).toBeGreaterThan(400)
    const importing = sources.filter((name) =>
      /(?:from|import\() *'lmdb'/.test(readFileSync(join('src', name), 'utf8')),
    )
    expect(importing).toEqual([])
  })
})
