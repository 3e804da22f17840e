/** The entries of tables that Postfix writes: reading them page by page, and writing those that another store had. */
import type { TableStore } from '../../core/store/store.ts'
import { isStorable } from '../../core/table-stores.ts'
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { AdminPorts } from '../ports.ts'
import { ProblemError, tableUnknown } from '../problem.ts'
import type { RouteParts } from '../route-parts.ts'
import { Count, problems, TableParams, WallMs } from '../schemas.ts'

/** Entries of a page, and of a request that writes some. Ours. */
const MAX_ENTRIES = 1000
const DEFAULT_ENTRIES = 100

/** Longest body with entries, bytes. Ours: the longest value fits, whatever of it JSON escapes. */
const MAX_BODY_BYTES = 1_048_576

/** Bytes of a key as a parameter. Ours: the longest key that a store takes. */
const MAX_KEY_CHARS = 1024

const PageQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        maxLength: MAX_KEY_CHARS,
        description: 'The key behind which the page begins: `next` of the one before.',
      }),
    ),
    limit: Type.Optional(
      Type.String({
        pattern: '^([1-9][0-9]{0,2}|1000)$',
        description: 'Most entries of the page, 1 to 1000; 100 without it.',
      }),
    ),
  },
  { additionalProperties: false },
)

const Page = Type.Object({
  entries: Type.Array(
    Type.Object({
      key: Type.String(),
      value: Type.String(),
      expiresAtMs: WallMs,
    }),
    { description: 'In the order of their keys. A page of long values has fewer than `limit`.' },
  ),
  next: Type.Optional(
    Type.String({ description: 'What `after` of the next page is; absent on the last one.' }),
  ),
})

const Entries = Type.Object(
  {
    entries: Type.Array(
      Type.Object(
        {
          key: Type.String(),
          value: Type.String(),
          expiresAtMs: Type.Optional(
            Type.Number({
              description: 'Milliseconds since 1970-01-01 UTC. Absent, or later: as `ttl` of the store says.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
      { description: 'At most 1000.' },
    ),
  },
  { additionalProperties: false },
)

export function addEntriesRoutes(app: App, { ports }: RouteParts): void {
  app.get(
    '/api/v1/tables/:table/entries',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'A page of the entries of a table that Postfix writes',
        tags: ['tables'],
        params: TableParams,
        querystring: PageQuery,
        response: { 200: Page, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async ({ params, query }) => {
      const page = await storeOf(ports, params.table).entries(
        query.after,
        Number(query.limit ?? DEFAULT_ENTRIES),
      )
      if (page.kind !== 'page') throw storeFailed(page.reason)
      const { entries, hasMore } = page
      const next = hasMore ? entries.at(-1)?.key : undefined
      return { entries, ...(next !== undefined && { next }) }
    },
  )
  app.post(
    '/api/v1/tables/:table/entries',
    {
      bodyLimit: MAX_BODY_BYTES,
      config: { access: 'operator' },
      schema: {
        summary: 'Writes entries of a table that Postfix writes, such as those of another store',
        description:
          'Every entry is checked before the first one is written. The same again changes nothing.',
        tags: ['tables'],
        params: TableParams,
        body: Entries,
        response: {
          200: Type.Object({ stored: Count }),
          ...problems(400, 401, 403, 404, 409, 413, 415, 503),
        },
      },
    },
    async ({ params, body: { entries } }) => {
      const store = storeOf(ports, params.table)
      if (entries.length > MAX_ENTRIES)
        throw new ProblemError(
          400,
          'invalid-parameter',
          `"entries" has more than ${MAX_ENTRIES}; send several requests`,
        )
      const bad = entries.findIndex(({ key, value }) => !isStorable(key, value))
      if (bad !== -1)
        throw new ProblemError(
          400,
          'invalid-parameter',
          `"entries/${bad}" cannot be stored; a key has 1 to 1024 bytes without control characters, a value 1 to 100000 bytes without NUL`,
        )
      const results = await Promise.all(
        entries.map(({ key, value, expiresAtMs }) => store.put(key, value, { expiresAtMs })),
      )
      for (const result of results) if (result.kind === 'temporary') throw storeFailed(result.reason)
      return { stored: entries.length }
    },
  )
}

function storeOf({ control, status }: Pick<AdminPorts, 'control' | 'status'>, table: string): TableStore {
  const store = control.store(table)
  if (store === undefined) throw tableUnknown(table, status)
  if (store !== 'read-only') return store
  throw new ProblemError(
    409,
    'store-refused',
    'this table is not written by Postfix; entries are those of a table whose upstream has store',
  )
}

/** The disk is full or failing; the log has more. */
export function storeFailed(reason: string): ProblemError {
  return new ProblemError(503, 'store-failed', reason)
}
