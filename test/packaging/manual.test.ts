/**
 * The manual pages and the completion are made from the program: nothing of it is missing there,
 * and groff has nothing to say about them.
 */
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileSchema } from '../../src/config/config-schema.ts'
import { anyKind } from '../../src/config/schema/kinds.ts'
import { SETTINGS_KINDS } from '../../src/gateway/load-config.ts'
import type { SchemaNode } from '../../src/schema/node.ts'
import { modulesInto } from '../support/gateway/built.ts'
import { missingProgram, ROOT, run, skipWithout } from './run.ts'

/** The scripts are plain JavaScript: these are the parts of them that are used here. */
interface Manual {
  commandManual(root: string, epoch: number): Promise<string>
  configManual(root: string, epoch: number): Promise<string>
  loadProgram(root: string): Promise<{
    program: { commands: { name(): string; options: { long: string }[] }[] }
  }>
}
interface Completion {
  bashCompletion(root: string): Promise<string>
}

const EPOCH = 1_767_225_600 // 2026-01-01
const root = mkdtempSync(join(tmpdir(), 'mapgate-manual-'))
let manual: Manual
let completion: Completion

beforeAll(async () => {
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  modulesInto(join(root, 'build'))
  manual = (await import(join(ROOT, 'scripts/docs/manual.mjs'))) as Manual
  completion = (await import(join(ROOT, 'scripts/docs/completion.mjs'))) as Completion
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Roff to plain text, as far as names need it. */
const plain = (text: string) => text.replaceAll('\\-', '-').replace(/\\f[BR]/g, '')

/** Every key of the schema, as the page writes it. */
function keyPaths(path: string, written: SchemaNode): string[] {
  if (written.partOf !== undefined) return []
  const node = written.kinds === undefined ? written : anyKind(written)
  const object = node.properties ?? node.then?.properties ?? node.else?.properties
  if (object !== undefined) {
    return Object.entries(object).flatMap(([key, part]) => [
      `${path}.${key}`,
      ...keyPaths(`${path}.${key}`, part),
    ])
  }
  if (node.items !== undefined) return keyPaths(`${path}[]`, node.items)
  return typeof node.additionalProperties === 'object'
    ? keyPaths(`${path}.NAME`, node.additionalProperties)
    : []
}

describe('mapgate(1)', () => {
  test('has every command with every option', async () => {
    const page = plain(await manual.commandManual(root, EPOCH))
    const { program } = await manual.loadProgram(root)
    expect(program.commands.length).toBeGreaterThan(8)
    for (const command of program.commands) {
      const [, section = ''] = page.split(`.SS mapgate ${command.name()}`)
      for (const { long } of command.options) expect(section, `${command.name()} ${long}`).toContain(long)
    }
  })

  test('carries the date and the version of its build, and no other', async () => {
    expect(await manual.commandManual(root, EPOCH)).toMatch(
      /^\.TH MAPGATE 1 "2026-01-01" "mapgate \d+\.\d+\.\d+/m,
    )
  })
})

test('mapgate.yaml(5) has every key of the configuration', async () => {
  const page = plain(await manual.configManual(root, EPOCH))
  const paths = Object.entries(fileSchema(SETTINGS_KINDS).properties ?? {}).flatMap(([key, node]) => [
    key,
    ...keyPaths(key, node),
  ])
  expect(paths.length).toBeGreaterThan(80)
  expect(paths.filter((path) => !page.includes(`\n${path} (`) && !page.includes(`\n${path}\n`))).toEqual([])
})

test('groff has nothing to say about the pages', async (context) => {
  skipWithout(context, missingProgram('groff') && 'needs groff: apt-get install groff-base')
  for (const page of [await manual.commandManual(root, EPOCH), await manual.configManual(root, EPOCH)]) {
    expect(await run('groff', ['-man', '-Tutf8', '-ww', '-z'], { input: page })).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
  }
})

test('bash completes the tables and upstreams of the configuration', async () => {
  const script = await completion.bashCompletion(root)
  const file = join(root, 'named.yaml')
  writeFileSync(
    file,
    'upstreams:\n  directory:\n    endpoints: [http://a.example]\ntables:\n    aliases: # ours\n        upstream: directory\n    # old:\n    boxes: { upstream: directory }\ncacheFile: c\n',
  )
  const complete = async (...words: string[]) => {
    const line = `COMP_WORDS=(mapgate ${words.join(' ')}); COMP_CWORD=${words.length}; _mapgate; echo "$\{COMPREPLY[@]}"`
    return (await run('bash', ['-c', `${script}\n${line}`])).stdout.trim().split(' ')
  }
  expect(await complete('query', '-c', file, "''")).toEqual(['aliases', 'boxes'])
  expect(await complete('purge', '--config', file, 'bo')).toEqual(['boxes'])
  expect(await complete('compare', '-c', file, 'aliases', "''")).toEqual(['aliases', 'boxes'])
  expect(await complete('drill', '-c', file, "''")).toEqual(['directory'])
  expect(await complete('replica', '-c', file, 'acc')).toEqual(['accept'])
  expect(await complete('query', '-c', file, '--expl')).toEqual(['--explain'])
  expect(await complete('query', '-c', '/nonexistent.yaml', 'no-such-table')).toEqual([''])
})

test('bash completes names in flow style and in quotes, of the file that --config= names', async () => {
  const script = await completion.bashCompletion(root)
  const [flow, quoted] = [join(root, 'flow.yaml'), join(root, 'quoted.yaml')]
  writeFileSync(
    flow,
    'upstreams: { directory: { endpoints: ["http://a.example"] }, "old-one": { entries: { "a: b": c } } }\ntables: {\n  aliases: { upstream: directory }, # ours: no\n  boxes: { upstream: [directory, old-one] } }\nlog: { level: info }\n',
  )
  writeFileSync(
    quoted,
    `tables:\n  "aliases":\n    upstream: s\n  'boxes': { upstream: s }\n  plain : { upstream: s }\n`,
  )
  const complete = async (...words: string[]) => {
    const line = `COMP_WORDS=(mapgate ${words.join(' ')}); COMP_CWORD=${words.length}; _mapgate; echo "$\{COMPREPLY[@]}"`
    return (await run('bash', ['-c', `${script}\n${line}`])).stdout.trim().split(' ')
  }
  expect(await complete('query', '-c', flow, "''")).toEqual(['aliases', 'boxes'])
  expect(await complete('drill', '-c', flow, "''")).toEqual(['directory', 'old-one'])
  expect(await complete('query', '-c', quoted, "''")).toEqual(['aliases', 'boxes', 'plain'])
  // bash splits at the = sign.
  expect(await complete('query', '--config', '=', flow, "''")).toEqual(['aliases', 'boxes'])
  expect(await complete('query', `--config=${flow}`, 'bo')).toEqual(['boxes'])
})

test('bash completes file names where a file is meant', async () => {
  const script = await completion.bashCompletion(root)
  expect(script).toContain('complete -o default -F _mapgate mapgate')
  for (const words of [
    ['keys', '/var'],
    ['compare', '--keys', '/var'],
    ['compare', '--resume', '/var'],
    ['query', '-c', '/var'],
    ['query', '--config', '='],
    ['query', '--config', '=', '/var'],
    ['status', '--token-file', '/var'],
  ]) {
    const line = `COMP_WORDS=(mapgate ${words.join(' ')}); COMP_CWORD=${words.length}; _mapgate; echo "$\{#COMPREPLY[@]}"`
    expect([words, (await run('bash', ['-c', `${script}\n${line}`])).stdout]).toEqual([words, '0\n'])
  }
})

test('bash completes every command and its options', async () => {
  const script = await completion.bashCompletion(root)
  const { program } = await manual.loadProgram(root)
  for (const command of program.commands) {
    const words = `COMP_WORDS=(mapgate ${command.name()} --); COMP_CWORD=2; _mapgate; printf '%s\\n' "$\{COMPREPLY[@]}"`
    const { stdout, status } = await run('bash', ['-c', `${script}\n${words}`])
    expect(status).toBe(0)
    for (const { long } of command.options) expect(stdout.split('\n')).toContain(long)
  }
})
