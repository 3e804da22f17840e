import { describe, expect, test } from 'vitest'
import type { StoreRequest, TableStore } from '../../../src/core/store.ts'
import { TableStores } from '../../../src/core/table-stores.ts'

const DONE = { kind: 'done' } as const

function setUp(table: Partial<TableStore> = {}) {
  const calls: string[] = []
  const defects: unknown[] = []
  const stored: TableStore = {
    put: async (key, value, { ttlMs, expiresAtMs }) => {
      calls.push(`put ${key}=${value} ${ttlMs} ${expiresAtMs}`)
      return DONE
    },
    delete: async (key) => {
      calls.push(`delete ${key}`)
      return DONE
    },
    scan: (after) => {
      calls.push(`scan ${after}`)
      return { kind: 'entry', key: 'k', value: 'v' }
    },
    purge: () => 0,
    ...table,
  }
  const stores = new TableStores({
    find: (name) => ({ verify: stored, aliases: 'read-only' as const })[name],
    onDefect: (error) => defects.push(error),
  })
  return { stores, calls, defects }
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
    expect(stores.request({ operation: 'scan', table: 'verify' })).toMatchObject({ kind: 'entry' })
    stores.request({ operation: 'scan', table: 'verify', after: Buffer.from('a') })
    expect(calls).toEqual(['put ä=é 5 undefined', 'delete a', 'scan undefined', 'scan a'])
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

  test('that throw or reject are temporary, and reported', async () => {
    const { stores, defects } = setUp({
      put: () => Promise.reject(new Error('late')),
      scan: () => {
        throw new Error('early')
      },
    })
    expect(await stores.request(put('a'))).toMatchObject({ kind: 'temporary', cause: 'defect' })
    expect(stores.request({ operation: 'scan', table: 'verify' })).toMatchObject({ kind: 'temporary' })
    expect(defects.map(String)).toEqual(['Error: late', 'Error: early'])
  })
})
