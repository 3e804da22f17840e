/**
 * The implementation of {@link Store}: finds the table that a client writes, and keeps out what could not be read again.
 */
import { isUtf8 } from 'node:buffer'
import type { Clock } from './clock.ts'
import type { Observer } from './observed/observer.ts'
import { permanentFor } from './reason.ts'
import { CORE_REASONS } from './reasons.ts'
import { DEFECT, NO_TABLE, type Temporary } from './result.ts'
import type { Store, StorePage, StoreRequest, StoreResult, TableStore } from './store/store.ts'

/** Longest key, in bytes. Ours: LMDB takes 1978 with the name of the table; addresses have 320. */
const MAX_STORED_KEY_BYTES = 1024

/** Longest value, in bytes. Ours: as a value over memcache; verify(8) and postscreen(8) write some hundred. */
const MAX_STORED_VALUE_BYTES = 100_000

const READ_ONLY = permanentFor(CORE_REASONS.readOnly)
const BAD_ENTRY = permanentFor(CORE_REASONS.badEntry)

const CONTROL = /[\x00-\x1f\x7f]/

interface StoredTables {
  readonly clock: Clock
  readonly observer: Observer
  /** `undefined`: there is no such table; `read-only`: it takes no changes. */
  find(table: string): TableStore | 'read-only' | undefined
}

export class TableStores implements Store {
  readonly #tables: StoredTables

  constructor(tables: StoredTables) {
    this.#tables = tables
  }

  request(request: StoreRequest): StoreResult | Promise<StoreResult> {
    const startMs = this.#tables.clock.monotonicMs()
    const table = this.#tables.find(request.table)
    if (table === undefined) return this.#answered('', request, NO_TABLE, startMs)
    if (table === 'read-only') return this.#answered(request.table, request, READ_ONLY, startMs)
    try {
      const result = perform(table, request)
      if (!(result instanceof Promise)) return this.#answered(request.table, request, result, startMs)
      return result
        .catch((error: unknown) => this.#defect(error))
        .then((late) => this.#answered(request.table, request, late, startMs))
    } catch (error) {
      return this.#answered(request.table, request, this.#defect(error), startMs)
    }
  }

  /** @param table '' for one that is not configured: a client may not make up the values of a label. */
  #answered(table: string, { operation }: StoreRequest, result: StoreResult, startMs: number): StoreResult {
    const { clock, observer } = this.#tables
    observer.table(table).storeAnswered(operation, result.kind, clock.monotonicMs() - startMs)
    return result
  }

  #defect(error: unknown): StoreResult {
    this.#tables.observer.defect(error, 'store')
    return DEFECT
  }
}

function perform(table: TableStore, request: StoreRequest): StoreResult | Promise<StoreResult> {
  switch (request.operation) {
    case 'put': {
      const { value, ttlMs, expiresAtMs } = request
      const key = keyText(request.key)
      if (key === undefined || !isValue(value)) return BAD_ENTRY
      return table.put(key, value.toString(), { ttlMs, expiresAtMs })
    }
    case 'delete': {
      const key = keyText(request.key)
      return key === undefined ? NOTHING_THERE : table.delete(key)
    }
    case 'scan':
      return scan(table, request.after?.toString())
  }
}

function scan(table: TableStore, after: string | undefined): StoreResult | Promise<StoreResult> {
  const page = table.entries(after, 1)
  return page instanceof Promise ? page.then(firstOf) : firstOf(page)
}

function firstOf(page: StorePage | Temporary): StoreResult {
  if (page.kind !== 'page') return page
  const [entry] = page.entries
  return entry === undefined ? NOTHING_THERE : { kind: 'entry', key: entry.key, value: entry.value }
}

/** What was never taken is not there. */
const NOTHING_THERE: StoreResult = Object.freeze({ kind: 'notfound' })

function keyText(key: Buffer): string | undefined {
  if (key.length === 0 || key.length > MAX_STORED_KEY_BYTES || !isUtf8(key)) return undefined
  const text = key.toString()
  return CONTROL.test(text) ? undefined : text
}

function isValue(value: Buffer): boolean {
  return value.length > 0 && value.length <= MAX_STORED_VALUE_BYTES && isUtf8(value) && !value.includes(0)
}

/** Returns whether an entry would be taken from a client. */
export function isStorable(key: string, value: string): boolean {
  return keyText(Buffer.from(key)) === key && isValue(Buffer.from(value))
}
