import { describe, expect, test } from 'vitest'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import { temporary } from '../../../src/core/result.ts'
import type { StoreRequest, TableStore } from '../../../src/core/store/store.ts'
import { isStorable, TableStores } from '../../../src/core/table-stores.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

const DONE = { kind: 'done' } as const

function setUp(table: Partial<TableStore> = {}) {
  const calls: string[] = []
  const defects: unknown[] = []
  const counted: string[] = []
  const clock = new ManualClock()
  const stored: TableStore = {
    put: async (key, value, { ttlMs, expiresAtMs }) => {
      calls.push(`put ${key}=${value} ${ttlMs} ${expiresAtMs}`)
      return DONE
    },
    delete: async (key) => {
      calls.push(`delete ${key}`)
      return DONE
    },
    entries: (after, limit) => {
      calls.push(`entries ${after} ${limit}`)
      return after === 'z'
        ? { kind: 'page', entries: [], hasMore: false }
        : { kind: 'page', entries: [{ key: 'k', value: 'v', expiresAtMs: 9 }], hasMore: true }
    },
    purge: async () => 0,
    ...table,
  }
  const stores = new TableStores({
    find: (name) => ({ verify: stored, aliases: 'read-only' as const })[name],
    clock,
    observer: {
      ...silentObserver,
      table: (name) => ({
        ...silentObserver.table(name),
        storeAnswered: (operation, kind, durationMs) =>
          counted.push(`${name} ${operation} ${kind} ${durationMs}`),
      }),
      defect: (error) => defects.push(error),
    },
  })
  return { stores, calls, defects, counted, clock }
}

const put = (key: string | Buffer, value: string | Buffer = '1'): StoreRequest => ({
  operation: 'put',
  table: 'verify',
  key: Buffer.from(key),
  value: Buffer.from(value),
})

describe('changes of tables', () => {
  test('reach the table that is written', async () => {
    const { stores, calls } = setUp()
    await stores.request({ ...put('ä', 'é'), ttlMs: 5 } as StoreRequest)
    await stores.request({ operation: 'delete', table: 'verify', key: Buffer.from('a') })
    const scan = (after?: string) =>
      stores.request({ operation: 'scan', table: 'verify', ...(after && { after: Buffer.from(after) }) })
    expect(scan()).toEqual({ kind: 'entry', key: 'k', value: 'v' })
    expect(scan('a')).toEqual({ kind: 'entry', key: 'k', value: 'v' })
    expect(scan('z')).toEqual({ kind: 'notfound' })
    expect(calls).toEqual([
      'put ä=é 5 undefined',
      'delete a',
      'entries undefined 1',
      'entries a 1',
      'entries z 1',
    ])
  })

  test('are refused where the table takes none, or is not there', () => {
    const { stores } = setUp()
    for (const operation of ['delete', 'scan'] as const) {
      const request = (table: string) => ({ operation, table, key: Buffer.from('a') }) as StoreRequest
      expect(stores.request(request('aliases'))).toMatchObject({ kind: 'permanent', cause: 'refused' })
      expect(stores.request(request('nosuch'))).toMatchObject({ kind: 'permanent', cause: 'no-table' })
    }
  })

  const bad: [sentence: string, request: StoreRequest][] = [
    ['an empty key', put('')],
    ['a key of 1025 bytes', put('k'.repeat(1025))],
    ['a key with a control byte', put('a\nb')],
    ['a key that is not UTF-8', put(Buffer.from([0xff]))],
    ['an empty value', put('a', '')],
    ['a value of 100001 bytes', put('a', 'v'.repeat(100_001))],
    ['a value with a NUL byte', put('a', 'a\0b')],
    ['a value that is not UTF-8', put('a', Buffer.from([0xff]))],
  ]
  for (const [sentence, request] of bad) {
    test(`with ${sentence} are refused, since nobody could read them again`, () => {
      const { stores, calls } = setUp()
      expect(stores.request(request)).toMatchObject({ kind: 'permanent', cause: 'refused' })
      expect(calls).toEqual([])
    })
  }

  test('at the limits are taken', async () => {
    const { stores } = setUp()
    expect(await stores.request(put('k'.repeat(1024), 'v'.repeat(100_000)))).toEqual(DONE)
  })

  test('of keys that were never taken are not there', () => {
    const { stores } = setUp()
    expect(stores.request({ operation: 'delete', table: 'verify', key: Buffer.from('a\nb') })).toEqual({
      kind: 'notfound',
    })
  })

  test('are counted with their time, and nothing that a client made up is counted by name', async () => {
    const { stores, counted, clock } = setUp({
      put: () => new Promise((resolve) => clock.after(20, () => resolve(DONE))),
    })
    const waiting = stores.request(put('a'))
    clock.advance(20)
    await waiting
    await stores.request({ operation: 'delete', table: 'verify', key: Buffer.from('a') })
    stores.request({ operation: 'scan', table: 'verify' })
    stores.request({ operation: 'scan', table: 'aliases' })
    stores.request({ operation: 'scan', table: 'made-up' })
    stores.request(put(''))
    expect(counted).toEqual([
      'verify put done 20',
      'verify delete done 0',
      'verify scan entry 0',
      'aliases scan permanent 0',
      ' scan permanent 0',
      'verify put permanent 0',
    ])
  })

  test('are scanned in a store that is somewhere else, too', async () => {
    const entries = [{ key: 'k', value: 'v', expiresAtMs: 9 }]
    const far = setUp({ entries: async () => ({ kind: 'page', entries, hasMore: false }) })
    const scan = { operation: 'scan', table: 'verify' } as const
    expect(await far.stores.request(scan)).toEqual({ kind: 'entry', key: 'k', value: 'v' })
    const failure = temporary('service', 'away')
    const failing = setUp({ entries: async () => failure })
    expect(await failing.stores.request(scan)).toEqual(failure)
  })

  test('that throw or reject are temporary, and reported', async () => {
    const { stores, defects, counted } = setUp({
      put: () => Promise.reject(new Error('late')),
      entries: () => {
        throw new Error('early')
      },
    })
    expect(await stores.request(put('a'))).toMatchObject({ kind: 'temporary', cause: 'defect' })
    expect(stores.request({ operation: 'scan', table: 'verify' })).toMatchObject({ kind: 'temporary' })
    expect(defects.map(String)).toEqual(['Error: late', 'Error: early'])
    expect(counted).toEqual(['verify put temporary 0', 'verify scan temporary 0'])
  })
})

describe('an entry that an operator writes', () => {
  const cases: [key: string, value: string, isStorable: boolean][] = [
    ['a', '1', true],
    ['k'.repeat(1024), 'v'.repeat(100_000), true],
    ['k'.repeat(1025), '1', false],
    ['', '1', false],
    ['a\n', '1', false],
    ['\ud800', '1', false],
    ['a', '', false],
    ['a', 'v'.repeat(100_001), false],
    ['a', 'x\0', false],
    ['a', 'two\nlines', true],
  ]
  for (const [key, value, expected] of cases)
    test(`${JSON.stringify(key).slice(0, 20)} = ${JSON.stringify(value).slice(0, 20)} is ${expected ? 'taken' : 'refused'}`, () => {
      expect(isStorable(key, value)).toBe(expected)
    })
})
