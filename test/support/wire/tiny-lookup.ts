/**
 * A lookup whose every result is a function of its key, for tests of everything in front of it.
 */
import type { Lookup, Query } from '../../../src/core/lookup.ts'
import { found, type LookupResult, notFound, permanent, temporary } from '../../../src/core/result.ts'

/**
 * Keys and their results:
 *
 *   absent        not found            timeout, down, refused    failures
 *   long:N        N letters            late:KEY                  the result of KEY, by a promise
 *   action:TEXT   TEXT itself
 *   throw, reject defects              anything else             `TABLE=KEY`
 */
export const tinyLookup: Lookup = { lookup: answerTo }

function answerTo({ table, key }: Query): LookupResult | Promise<LookupResult> {
  const text = key.toString()
  if (text === 'throw') throw new Error('a defect')
  if (text === 'reject') return Promise.reject(new Error('a late defect'))
  if (!text.startsWith('late:')) return resultFor(table, text)
  return new Promise((resolve) => setImmediate(() => resolve(resultFor(table, text.slice(5)))))
}

function resultFor(table: string, key: string): LookupResult {
  if (table === 'nosuch') return permanent('no-table', 'no such table')
  if (key === 'absent') return notFound()
  if (key === 'empty') return found('')
  if (key === 'timeout') return temporary('timeout', 'no answer in time')
  if (key === 'down') return temporary('connect', 'the service is down: 50% of it')
  if (key === 'refused') return permanent('refused', 'the service answered 400')
  if (key.startsWith('action:')) return found(key.slice('action:'.length))
  const length = /^long:(\d+)$/.exec(key)?.[1]
  if (length !== undefined) return found('v'.repeat(Number(length)))
  return found(`${table}=${key}`)
}
