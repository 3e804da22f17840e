/**
 * What every {@link Lookup} keeps to, whatever answers behind it.
 */
import { describe, expect, test } from 'vitest'
import type { Lookup, Query } from '../../../src/core/lookup.ts'
import { Explanation } from '../../../src/core/observed/explain.ts'

/**
 * Its table `aliases` finds `value` for `known`, and has it without asking anybody from the second lookup on. It has nothing for
 * `unknown`, fails for `failing`, and does not answer `silent` within the test.
 */
export interface LookupUnderContract {
  readonly lookup: Lookup
  /** Ends it; absent where what it belongs to has no such end. */
  readonly stop?: () => Promise<void> | void
}

const query = (key: string | Buffer, more: Partial<Query> = {}): Query => ({
  protocol: 'socketmap',
  table: 'aliases',
  key: Buffer.from(key),
  ...more,
})

/** @param end `stops`: `open` gives a way to stop it. */
export function lookupContract(
  what: string,
  end: 'stops' | 'has no end',
  open: () => LookupUnderContract | Promise<LookupUnderContract>,
): void {
  describe(`the contract of a lookup: ${what}`, () => {
    test('finds what is there, and says "not found" for what is not', async () => {
      const { lookup } = await open()
      expect(await lookup.lookup(query('known'))).toEqual({ kind: 'found', value: 'value' })
      expect(await lookup.lookup(query('unknown'))).toEqual({ kind: 'notfound' })
    })

    test('answers without a promise what is available', async () => {
      const { lookup } = await open()
      await lookup.lookup(query('known'))
      expect(lookup.lookup(query('known'))).toEqual({ kind: 'found', value: 'value' })
      expect(lookup.lookup(query('KNOWN'))).toEqual({ kind: 'found', value: 'value' })
    })

    test('answers without a promise that a key cannot exist, and that there is no such table', async () => {
      const { lookup } = await open()
      for (const key of ['a\0b', Buffer.from([0xff])])
        expect(lookup.lookup(query(key))).toEqual({ kind: 'notfound' })
      for (const table of ['nosuch', '', '__proto__'])
        expect(lookup.lookup(query('known', { table }))).toEqual({
          kind: 'permanent',
          cause: 'no-table',
          reason: 'no such table; check its name in main.cf',
        })
    })

    test('answers what it does not know as temporary', async () => {
      const { lookup } = await open()
      expect(await lookup.lookup(query('failing'))).toMatchObject({ kind: 'temporary' })
    })

    test('neither throws nor rejects when its client cannot take a value', async () => {
      const { lookup } = await open()
      const client = {
        deliverable: () => {
          throw new Error('a defect of the client')
        },
      }
      for (let n = 0; n < 2; n++)
        expect(await lookup.lookup(query('known', { client }))).toMatchObject({
          kind: 'temporary',
          cause: 'defect',
        })
    })

    test('gives a client what it can read, and nothing else', async () => {
      const { lookup } = await open()
      const tooLong = { kind: 'temporary', cause: 'unreadable', reason: 'too long' } as const
      const client = { deliverable: () => tooLong }
      expect(await lookup.lookup(query('known', { client }))).toEqual(tooLong)
      expect(await lookup.lookup(query('unknown', { client }))).toEqual({ kind: 'notfound' })
    })

    test('explains each answer up to the answer itself', async () => {
      const { lookup } = await open()
      for (const key of ['known', 'unknown', 'failing']) {
        const explanation = new Explanation()
        const result = await lookup.lookup(query(key), { explanation })
        expect(explanation.steps[0]).toEqual({ step: 'key', key })
        expect(explanation.steps.at(-1)).toMatchObject({ step: 'answer', result })
      }
    })

    if (end === 'has no end') return

    test('answers all as temporary once it is stopped, and what waits, too', async () => {
      const { lookup, stop } = await open()
      await lookup.lookup(query('known'))
      const waiting = lookup.lookup(query('silent'))
      expect(waiting).toBeInstanceOf(Promise)
      await stop?.()
      const stopping = { kind: 'temporary', cause: 'stopping', reason: 'mapgate is stopping; ask again' }
      expect(await waiting).toEqual(stopping)
      for (const [key, table] of [
        ['known', 'aliases'],
        ['unknown', 'aliases'],
        ['known', 'nosuch'],
      ] as const)
        expect(lookup.lookup(query(key, { table }))).toEqual(stopping)
    })
  })
}
