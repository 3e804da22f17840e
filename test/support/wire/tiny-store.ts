/**
 * Tables in memory that clients write, for tests of everything in front of them: also answers lookups, from what was written.
 */
import type { Lookup, Query } from '../../../src/core/lookup.ts'
import { found, type LookupResult, notFound } from '../../../src/core/result.ts'
import type { Store, StoreRequest, StoreResult } from '../../../src/core/store/store.ts'

export class TinyStore implements Store, Lookup {
  readonly #tables = new Map<string, Map<string, string>>()

  lookup({ table, key }: Query): LookupResult {
    const value = this.#table(table).get(key.toString())
    return value === undefined ? notFound() : found(value)
  }

  request(request: StoreRequest): StoreResult {
    const entries = this.#table(request.table)
    switch (request.operation) {
      case 'put':
        entries.set(request.key.toString(), request.value.toString())
        return { kind: 'done' }
      case 'delete':
        return entries.delete(request.key.toString()) ? { kind: 'done' } : notFound()
      case 'scan':
        return next(entries, request.after?.toString() ?? '')
    }
  }

  #table(name: string): Map<string, string> {
    const table = this.#tables.get(name) ?? new Map<string, string>()
    this.#tables.set(name, table)
    return table
  }
}

function next(entries: ReadonlyMap<string, string>, after: string): StoreResult {
  const [key] = [...entries.keys()].filter((key) => key > after).sort()
  return key === undefined ? notFound() : { kind: 'entry', key, value: entries.get(key) ?? '' }
}
