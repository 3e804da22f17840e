/**
 * What every {@link Upstream} keeps to, whatever stands behind it.
 */
import { describe, expect, test } from 'vitest'
import type { Answer, Upstream } from '../../../src/core/upstream.ts'
import { question } from '../core/question.ts'

/** An upstream that finds `known`, and knows `unknown` not to exist. */
export interface UnderContract {
  readonly upstream: Upstream
  /** Monotonic ms until which questions may be answered. */
  readonly deadlineMs: number
}

export function upstreamContract(what: string, open: () => UnderContract): void {
  const ask = (key: string): Promise<Answer> => {
    const { upstream, deadlineMs } = open()
    return Promise.resolve(upstream.ask(question(key, { deadlineMs })))
  }

  describe(`the contract of an upstream: ${what}`, () => {
    test('has a name', () => {
      expect(open().upstream.name).toMatch(/\S/)
    })

    test('finds what is there, as one line of text that is not empty', async () => {
      const { result } = await ask('known')
      expect(result).toEqual({ kind: 'found', value: expect.stringMatching(/^[^\r\n]+$/) })
    })

    test('answers "not found" for what is not there', async () => {
      expect((await ask('unknown')).result).toEqual({ kind: 'notfound' })
    })

    test('says "not modified" to no question without a condition', async () => {
      for (const key of ['known', 'unknown']) expect((await ask(key)).result.kind).not.toBe('notmodified')
    })

    test('answers a question that nobody waits for, or says that it is shed', async () => {
      const { upstream, deadlineMs } = open()
      const answer = await upstream.ask(question('known', { deadlineMs, hasWaiters: false }))
      expect(['found', 'temporary']).toContain(answer.result.kind)
      if (answer.result.kind === 'temporary') expect(answer.source).toBe('shed')
    })

    test('stores nothing that it does not know: a failure is never storable', async () => {
      for (const key of ['known', 'unknown']) {
        const { result, storable } = await ask(key)
        if (storable) expect(['found', 'notfound']).toContain(result.kind)
      }
    })

    test('says of its service that it does not fail, before anything has failed', async () => {
      const { upstream, deadlineMs } = open()
      expect(upstream.health).toMatchObject({ isFailing: false, recoveredAtMs: Number.NEGATIVE_INFINITY })
      expect(await upstream.health.answersOthers({ sinceMs: 0, deadlineMs: deadlineMs })).not.toBe(false)
    })

    test('has a request for a key that is there', () => {
      expect(open().upstream.needsNoRequest('known')).toBe(false)
    })

    test('says whether a stored "not found" counts, for any endpoint', () => {
      const { upstream } = open()
      for (const endpoint of [0, 1, 63]) expect(typeof upstream.trustsNegative(endpoint)).toBe('boolean')
    })
  })
}
