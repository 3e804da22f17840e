/**
 * `mapgate store` against the routes of a real admin API.
 */
import { expect, onTestFinished, test } from 'vitest'
import { store } from '../../../src/commands/store/store.ts'
import { temporary } from '../../../src/core/result.ts'
import { adminFixture, OPERATOR_TOKEN } from '../../support/admin/admin-ports.ts'
import type { ScriptedStore } from '../../support/admin/scripted-program.ts'
import { recordIo } from '../../support/gateway/command-io.ts'

async function gateway(...keys: string[]) {
  const { server, program } = await adminFixture(onTestFinished)
  await server.app.listen({ host: '127.0.0.1', port: 0 })
  const address = server.app.server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  for (const key of keys) put(program.store, key)
  return { program, options: { admin: `http://127.0.0.1:${port}`, tokenFile: undefined } }
}

function put(to: ScriptedStore, key: string): void {
  to.entriesBy.set(key, { key, value: `0:1:${key}`, expiresAtMs: Date.now() + 3_600_000 })
}

const io = (...stdin: string[]) => recordIo({ stdin, env: { MAPGATE_TOKEN: OPERATOR_TOKEN } })

test('list shows entries in columns, and where to go on', async () => {
  const { options } = await gateway('ann@a.example', 'bob@a.example', 'eve\u202e@a.example')
  const shown = io()
  expect(await store('list', 'aliases', { ...options, limit: 2 }, shown)).toBe(0)
  expect(shown.out()).toBe(
    'key            kept for  value\nann@a.example    60 min  0:1:ann@a.example\nbob@a.example    60 min  0:1:bob@a.example\n',
  )
  expect(shown.err()).toBe('more: --after "bob@a.example", or --limit\n')
  const rest = io()
  await store('list', 'aliases', { ...options, after: 'bob@a.example' }, rest)
  expect(rest.out()).toContain('eve\\u202e@a.example')
  expect(rest.err()).toBe('')
  const none = io()
  expect(await store('list', 'aliases', { ...options, after: 'z' }, none)).toBe(1)
  expect([none.out(), none.err()]).toEqual(['', 'no entry is behind this key\n'])
})

test('export prints every page, and import puts it into another store as it was', async () => {
  const keys = Array.from({ length: 2500 }, (_, n) => `user${String(n).padStart(4, '0')}@a.example`)
  const from = await gateway(...keys)
  const exported = io()
  expect(await store('export', 'aliases', from.options, exported)).toBe(0)
  const lines = exported.out().split('\n')
  expect([lines.length, lines.at(-1)]).toEqual([2501, ''])
  expect(JSON.parse(lines[0] ?? '')).toEqual(from.program.store.entriesBy.get('user0000@a.example'))
  expect(from.program.store.pages).toEqual([
    [undefined, 1000],
    ['user0999@a.example', 1000],
    ['user1999@a.example', 1000],
  ])
  const to = await gateway()
  const imported = io(exported.out())
  expect(await store('import', 'aliases', to.options, imported)).toBe(0)
  expect(imported.out()).toBe('aliases: 2,500 lines imported\n')
  expect(to.program.store.entriesBy).toEqual(from.program.store.entriesBy)
})

test('a value that is long many times goes in several requests', async () => {
  const { program, options } = await gateway()
  const line = (n: number) => `${JSON.stringify({ key: `k${n}`, value: 'v'.repeat(90_000) })}\n`
  expect(
    await store('import', 'aliases', options, io(...Array.from({ length: 20 }, (_, n) => line(n)))),
  ).toBe(0)
  expect(program.store.entriesBy.size).toBe(20)
})

for (const bad of [
  'no JSON',
  '{"key":"a"}',
  '{"key":"a","value":1}',
  '{"key":"a","value":"1","expiresAtMs":"x"}',
  '[]',
])
  test(`import of ${bad} says which line`, async () => {
    const { program, options } = await gateway()
    await expect(
      store('import', 'aliases', options, io(`{"key":"a","value":"1"}\n${bad}\n`)),
    ).rejects.toMatchObject({
      exitCode: 64,
      message: 'line 2 of standard input is no entry; give what mapgate store export prints',
    })
    expect(program.store.entriesBy.size).toBe(0)
  })

test('a table without a store, one that is not there, and a failing disk have codes of their own', async () => {
  const { program, options } = await gateway('a')
  await expect(store('list', 'uncached', options, io())).rejects.toMatchObject({ exitCode: 77 })
  await expect(store('export', 'nosuch', options, io())).rejects.toMatchObject({ exitCode: 77 })
  program.store.failure = temporary('service', 'store learned: its folder cannot be read or written (EIO)')
  await expect(store('list', 'aliases', options, io())).rejects.toMatchObject({
    exitCode: 75,
    message: expect.stringContaining('cannot be read or written (EIO)'),
  })
})
