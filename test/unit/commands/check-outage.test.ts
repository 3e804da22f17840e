import { expect, onTestFinished, test } from 'vitest'
import { checkOutage } from '../../../src/commands/check/outage.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startHttpService } from '../../support/http/http-service.ts'

const READY = {
  name: 'mailboxes',
  lookups: 1,
  sampled: 1,
  ratio: 1,
  deferredKeys: 0,
  deferred: [],
  advice: ['x'],
}

async function run(tables: object[]) {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { json: { tables } }
  const io = recordIo()
  const code = await checkOutage({ admin: service.origin }, io)
  expect(service.requests).toMatchObject([{ method: 'GET', url: '/api/v1/readiness' }])
  return { code, lines: io.out().split('\n').slice(0, -1) }
}

test('the keys that would be deferred are listed with why, and what to write', async () => {
  const aliases = {
    name: 'aliases',
    lookups: 1234,
    sampled: 500,
    ratio: 0.87,
    deferredKeys: 102,
    deferred: [
      { key: 'ann@a.example', lookups: 12, at: '@a.example', why: 'was not asked before, or is forgotten' },
      { lookups: 1, why: 'the table has no rule for it' },
    ],
    advice: ['domains: the list of your domains'],
  }
  const quiet = { ...READY, name: 'quiet', lookups: 0, ratio: undefined }
  expect(await run([aliases, READY, quiet])).toEqual({
    code: 1,
    lines: [
      'aliases: 87% of 1,234 lookups in the last ten minutes would be answered',
      '  about 12 lookups of ann@a.example: @a.example: was not asked before, or is forgotten',
      '  about 1 lookup: the table has no rule for it',
      '  and 100 more keys',
      '  write domains: the list of your domains',
      'mailboxes: 100% of 1 lookup in the last ten minutes would be answered',
      'quiet: no lookups in the last ten minutes, so nothing is known',
    ],
  })
})

test('what the gateway says moves no cursor', async () => {
  const evil = '\x1b]0;x\x07\u202e'
  const { lines } = await run([
    {
      ...READY,
      name: `t${evil}`,
      deferredKeys: 1,
      deferred: [{ key: `k${evil}`, lookups: 1, at: `a${evil}`, why: `w${evil}` }],
      advice: [`x${evil}`],
    },
  ])
  expect(lines).toEqual([
    't ]0;x : 100% of 1 lookup in the last ten minutes would be answered',
    '  1 lookup of k ]0;x: a ]0;x: w ]0;x ',
    '  write x ]0;x ',
  ])
})

test('a key that is its own reason stands once', async () => {
  const deferred = [
    { key: 'a@a.example', lookups: 1, at: 'a@a.example', why: 'was not asked before, or is forgotten' },
  ]
  const { lines } = await run([{ ...READY, deferredKeys: 1, deferred }])
  expect(lines[1]).toBe('  1 lookup of a@a.example: was not asked before, or is forgotten')
})

test('a table is ready from 90 % on', async () => {
  expect((await run([{ ...READY, ratio: 0.9 }])).code).toBe(0)
  expect((await run([{ ...READY, ratio: 0.899 }])).code).toBe(1)
  expect((await run([])).code).toBe(0)
})

test('a reply that is no readiness is not taken for fine', async () => {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { json: {} }
  await expect(checkOutage({ admin: service.origin }, recordIo())).rejects.toMatchObject({ exitCode: 69 })
})
