/**
 * What `mapgate serve` loads before its first listener is open. Every module costs a start its time, and an idle
 * gateway its memory, so what lookups do not need is loaded by those who do.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const SRC = new URL('../../src/', import.meta.url).pathname

/** What a file loads when it is loaded itself: neither types nor `import()`. */
function loadedBy(text: string): string[] {
  const found = text.matchAll(/^(?:import|export)\s(?!type\b)(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/gm)
  return Array.from(found, ([, target = '']) => target)
}

/** Files of src and packages that are loaded with one of these files. */
function loadedWith(...start: string[]): Set<string> {
  const seen = new Set<string>()
  const open = [...start]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    if (!existsSync(join(SRC, file))) continue
    for (const target of loadedBy(readFileSync(join(SRC, file), 'utf8')))
      if (!target.startsWith('node:'))
        open.push(target.startsWith('.') ? join(dirname(file), target) : target)
  }
  return seen
}

const BEFORE_LISTENING = loadedWith('cli.ts', 'commands/program.ts', 'commands/serve/serve.ts')

test('no listener waits for the admin API, the page or Prometheus', () => {
  const loaded = [...BEFORE_LISTENING]
  expect(loaded.filter((file) => /^(?:fastify|@fastify\/|prom-client|undici$)/.test(file))).toEqual([])
  expect(loaded.filter((file) => /^admin\/(?:server|routes|page-files|docs-page)/.test(file))).toEqual([])
})

test('no listener waits for what a configuration may not use', () => {
  const optional = /^(?:@opentelemetry\/|@redis\/|lmdb|jose|oauth4webapi|csv-parse|@streamparser\/)/
  expect([...BEFORE_LISTENING].filter((file) => optional.test(file))).toEqual([])
})

test('no listener waits for the other commands, beyond the words of their options', () => {
  const others = [...BEFORE_LISTENING].filter((file) => /^commands\/(?!serve\/)[^/]+\/(?!command)/.test(file))
  expect(others.sort()).toEqual([
    'commands/demo/ports.ts',
    'commands/replica/actions.ts',
    'commands/store/actions.ts',
  ])
})

test('the finder of modules sees what a start does load', () => {
  for (const file of [
    'gateway.ts',
    'core/resolver.ts',
    'upstreams/http-client/connection/undici.ts',
    'yaml',
    'pino',
  ])
    expect(BEFORE_LISTENING).toContain(file)
  expect(loadedBy("import type { A } from './a.ts'\nconst b = await import('./b.ts')\n")).toEqual([])
  expect(loadedBy("import { type A } from './a.ts'\nimport './c.ts'\nexport { b } from './b.ts'\n")).toEqual([
    './a.ts',
    './c.ts',
    './b.ts',
  ])
})
