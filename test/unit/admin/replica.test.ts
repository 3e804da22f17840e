/**
 * What the routes about copies hand on, and what they say where there is nothing to do.
 */
import { describe, expect, test } from 'vitest'
import { admin, codeOf, OPERATOR } from './routes-set-up.ts'

const AT = '/api/v1/tables/aliases/replica'

describe('a copy', () => {
  test('is told each word once, and answers with its status', async () => {
    const { ask, program } = await admin()
    for (const word of ['refresh', 'accept', 'reject']) {
      const reply = await ask('POST', `${AT}/${word}`, OPERATOR)
      expect([reply.statusCode, reply.json()]).toMatchObject([200, { state: 'ready', entries: 3 }])
    }
    expect(program.replica.told).toEqual(['refresh', 'accept', 'reject'])
  })

  test('is told of an entry by its key, which may be long and hold anything', async () => {
    const { ask, program } = await admin()
    const key = `${'a'.repeat(300)}/+%@a.example`
    const url = `${AT}/entries/${encodeURIComponent(key)}`
    expect((await ask('PUT', url, OPERATOR, { value: ['x', 'y'] })).statusCode).toBe(200)
    expect((await ask('DELETE', url, OPERATOR)).statusCode).toBe(200)
    expect(program.replica.told).toEqual([
      [key, ['x', 'y']],
      [key, undefined],
    ])
  })

  for (const [name, body] of [
    ['no value', {}],
    ['something besides the value', { value: 'x', more: 1 }],
    ['no object', []],
  ] as const) {
    test(`takes no entry with ${name}`, async () => {
      const { ask, program } = await admin()
      expect(codeOf(await ask('PUT', `${AT}/entries/bob`, OPERATOR, body))).toBe('400 invalid-parameter')
      expect(program.replica.told).toEqual([])
    })
  }

  test('that has nothing to decide, or does not take a value, says why', async () => {
    const { ask, program } = await admin()
    program.replica.outcome = { kind: 'nothing', status: program.replica.status() }
    const nothing = await ask('POST', `${AT}/accept`, OPERATOR)
    expect(codeOf(nothing)).toBe('409 replica-refused')
    expect(nothing.json()).toMatchObject({ detail: 'no list is kept aside; nothing to decide' })
    program.replica.outcome = { kind: 'nothing', status: { ...program.replica.status(), state: 'empty' } }
    expect((await ask('PUT', `${AT}/entries/bob`, OPERATOR, { value: 'x' })).json()).toMatchObject({
      detail: 'there is no copy yet; look at lastFailure of the table',
    })
    program.replica.outcome = { kind: 'invalid', why: 'nobody can ask for this key: empty' }
    expect(codeOf(await ask('PUT', `${AT}/entries/bob`, OPERATOR, { value: 'x' }))).toBe(
      '400 invalid-parameter',
    )
  })

  test('whose disk is full says so, and that it may be sent again', async () => {
    const { ask, program } = await admin()
    program.replica.outcome = { kind: 'failed', why: 'the copy cannot be written: no; is the disk full?' }
    for (const reply of [
      await ask('PUT', `${AT}/entries/bob`, OPERATOR, { value: 'x' }),
      await ask('DELETE', `${AT}/entries/bob`, OPERATOR),
      await ask('POST', `${AT}/accept`, OPERATOR),
    ]) {
      expect(codeOf(reply)).toBe('503 replica-failed')
      expect(reply.json()).toMatchObject({ detail: 'the copy cannot be written: no; is the disk full?' })
    }
  })

  test('is not there for a table that is asked key by key', async () => {
    const { ask } = await admin()
    const none = await ask('POST', '/api/v1/tables/uncached/replica/refresh', OPERATOR)
    expect(codeOf(none)).toBe('409 replica-refused')
    expect(codeOf(await ask('POST', '/api/v1/tables/nosuch/replica/refresh', OPERATOR))).toBe(
      '404 table-unknown',
    )
  })
})
