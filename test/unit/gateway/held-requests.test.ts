/** What is asked before the tables are there waits for them. Once they are there, it keeps the contract of a lookup (../core). */
import { expect, test } from 'vitest'
import type { Query } from '../../../src/core/lookup.ts'
import { found, notFound } from '../../../src/core/result.ts'
import type { StoreRequest } from '../../../src/core/store/store.ts'
import { HeldRequests } from '../../../src/gateway/held-requests.ts'

const query = (key: string): Query => ({ protocol: 'socketmap', table: 'aliases', key: Buffer.from(key) })
const put = (key: string): StoreRequest => ({
  operation: 'put',
  table: 'aliases',
  key: Buffer.from(key),
  value: Buffer.from('value'),
})

function holding() {
  const asked: string[] = []
  const held = new HeldRequests(
    {
      lookup: ({ key }, options) => {
        asked.push(`${key} ${options?.cache}`)
        return key.toString() === 'absent' ? notFound() : found(`value of ${key}`)
      },
    },
    {
      request: (request) => {
        asked.push(request.operation)
        return { kind: 'done' }
      },
    },
  )
  return { held, asked }
}

test('lookups and changes wait until they are released, and go through in their order', async () => {
  const { held, asked } = holding()
  const waiting = [
    held.lookup(query('a'), { cache: 'bypass' }),
    held.request(put('a')),
    held.lookup(query('absent')),
  ]
  await new Promise(setImmediate)
  expect(asked).toEqual([])
  for (const one of waiting) expect(one).toBeInstanceOf(Promise)
  held.release()
  expect(await Promise.all(waiting)).toEqual([found('value of a'), { kind: 'done' }, notFound()])
  expect(asked).toEqual(['a bypass', 'put', 'absent undefined'])
})

test('what comes after the release is answered at once', () => {
  const { held } = holding()
  held.release()
  expect(held.lookup(query('a'))).toEqual(found('value of a'))
  expect(held.request(put('a'))).toEqual({ kind: 'done' })
})
