/**
 * The entries of tables that Postfix writes, over the admin API.
 */
import { describe, expect, test } from 'vitest'
import { temporary } from '../../../src/core/result.ts'
import { admin, codeOf, OPERATOR, VIEWER } from './routes-set-up.ts'

const AT = '/api/v1/tables/aliases/entries'

async function filled(...keys: string[]) {
  const fixture = await admin()
  for (const key of keys)
    fixture.program.store.entriesBy.set(key, { key, value: `${key}=1`, expiresAtMs: 1_800_000_000_000 })
  return fixture
}

const entry = (key: string) => ({ key, value: `${key}=1`, expiresAtMs: 1_800_000_000_000 })

describe('reading entries', () => {
  test('goes from page to page, by the key at which the last one ended', async () => {
    const { ask, program } = await filled('a', 'b+c d', 'é')
    const first = await ask('GET', `${AT}?limit=2`, OPERATOR)
    expect(first.json()).toEqual({ entries: [entry('a'), entry('b+c d')], next: 'b+c d' })
    const second = await ask('GET', `${AT}?limit=2&after=${encodeURIComponent('b+c d')}`, OPERATOR)
    expect(second.json()).toEqual({ entries: [entry('é')] })
    expect(program.store.pages).toEqual([
      [undefined, 2],
      ['b+c d', 2],
    ])
  })

  test('gives a hundred without a limit, and a thousand at most', async () => {
    const { ask, program } = await filled()
    expect((await ask('GET', AT, OPERATOR)).json()).toEqual({ entries: [] })
    expect((await ask('GET', `${AT}?limit=1000`, OPERATOR)).statusCode).toBe(200)
    for (const bad of ['limit=1001', 'limit=0', 'limit=x', `after=${'k'.repeat(1025)}`, 'what=1'])
      expect(codeOf(await ask('GET', `${AT}?${bad}`, OPERATOR))).toBe('400 invalid-parameter')
    expect(program.store.pages).toEqual([
      [undefined, 100],
      [undefined, 1000],
    ])
  })

  test('is for operators: they show whom mail was for', async () => {
    const { ask } = await filled('a')
    expect(codeOf(await ask('GET', AT, VIEWER))).toBe('403 role-too-low')
    expect(codeOf(await ask('GET', AT))).toBe('401 token-needed')
  })
})

describe('writing entries', () => {
  test('takes them with the time at which they are gone', async () => {
    const { ask, program } = await filled()
    const entries = [{ ...entry('a') }, { key: 'b', value: '2' }]
    expect((await ask('POST', AT, OPERATOR, { entries })).json()).toEqual({ stored: 2 })
    expect([...program.store.entriesBy.values()]).toEqual([
      entry('a'),
      { key: 'b', value: '2', expiresAtMs: 2_000_000_000_000 },
    ])
  })

  test('writes none when one of them cannot be stored, and says which', async () => {
    const { ask, program } = await filled()
    const reply = await ask('POST', AT, OPERATOR, { entries: [entry('a'), { key: 'b\n', value: '2' }] })
    expect(codeOf(reply)).toBe('400 invalid-parameter')
    expect(reply.json<{ detail: string }>().detail).toMatch(/^"entries\/1" cannot be stored; a key has/)
    expect(program.store.entriesBy.size).toBe(0)
  })

  for (const [name, body] of [
    ['no entries', {}],
    ['a time that is none', { entries: [{ key: 'a', value: '1', expiresAtMs: 'soon' }] }],
    ['something else', { entries: [{ key: 'a', value: '1', ttl: 1 }] }],
    ['too many', { entries: Array.from({ length: 1001 }, () => ({ key: 'a', value: '1' })) }],
  ] as const)
    test(`refuses ${name}`, async () => {
      const { ask } = await filled()
      expect(codeOf(await ask('POST', AT, OPERATOR, body))).toBe('400 invalid-parameter')
    })

  test('takes a body of a megabyte, and no more', async () => {
    const { ask } = await filled()
    const value = 'v'.repeat(100_000)
    const many = (count: number) => ({
      entries: Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value })),
    })
    expect((await ask('POST', AT, OPERATOR, many(10))).statusCode).toBe(200)
    expect(codeOf(await ask('POST', AT, OPERATOR, many(11)))).toBe('413 body-too-large')
  })
})

describe('a table', () => {
  test('that is not written, or not there, has no entries', async () => {
    const { ask } = await filled()
    for (const [method, body] of [
      ['GET', undefined],
      ['POST', { entries: [] }],
    ] as const) {
      expect(codeOf(await ask(method, '/api/v1/tables/uncached/entries', OPERATOR, body))).toBe(
        '409 store-refused',
      )
      expect(codeOf(await ask(method, '/api/v1/tables/nosuch/entries', OPERATOR, body))).toBe(
        '404 table-unknown',
      )
    }
  })

  test('whose disk fails says so', async () => {
    const { ask, program } = await filled('a')
    program.store.failure = temporary('service', 'store learned: its folder cannot be read or written (EIO)')
    program.control.purge = async () => program.store.failure
    for (const [method, url, body] of [
      ['GET', AT, undefined],
      ['POST', AT, { entries: [{ key: 'b', value: '1' }] }],
      ['DELETE', '/api/v1/tables/aliases/cache', undefined],
    ] as const) {
      const reply = await ask(method, url, OPERATOR, body)
      expect(codeOf(reply)).toBe('503 store-failed')
      expect(reply.json()).toMatchObject({ detail: expect.stringContaining('(EIO)') })
    }
  })
})
