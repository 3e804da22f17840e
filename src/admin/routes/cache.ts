/** Forgetting stored answers, and the word that a loss of keys is no mistake. */
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { PurgeWhat } from '../ports.ts'
import { ProblemError, tableUnknown } from '../problem.ts'
import { queryBytes } from '../query-string.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems, TableParams } from '../schemas.ts'
import { storeFailed } from './entries.ts'

const PurgeQuery = Type.Object(
  {
    key: Type.Optional(Type.String({ description: 'One key, percent-encoded.' })),
    domain: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Every key of a domain, without `@`.' }),
    ),
  },
  { additionalProperties: false },
)

/** Whom a purge reached; absent where gateways share nothing. */
const Elsewhere = Type.Object({
  state: Type.Enum(['sent', 'later'], {
    description:
      '`later`: the shared store cannot be reached, and the other gateways are told once it can be reached.',
  }),
  why: Type.Optional(
    Type.Enum(['full'], {
      description: 'With `later`: the shared store is reached, and has no memory left.',
    }),
  ),
  others: Type.Optional(Type.Integer({ minimum: 0, description: 'Gateways that heard of it.' })),
  confirmed: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Those of them that said within a second that they have done it.',
    }),
  ),
})

export function addCacheRoutes(app: App, { ports: { control, status } }: RouteParts): void {
  app.delete(
    '/api/v1/tables/:table/cache',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Forgets stored answers, or what Postfix wrote: all, of one key, or of one domain',
        tags: ['tables'],
        params: TableParams,
        querystring: PurgeQuery,
        response: {
          200: Type.Object({
            removed: Type.Integer({ minimum: 0 }),
            of: Type.Enum(['answers', 'entries'], { description: '`entries`: what Postfix wrote.' }),
            elsewhere: Type.Optional(Elsewhere),
          }),
          ...problems(400, 401, 403, 404, 503),
        },
      },
    },
    async (request) => {
      const key = queryBytes(request.raw.url ?? '', 'key')
      const { table } = request.params
      const what = purgeWhat(key, request.query.domain)
      const removed = await control.purge(table, what)
      if (removed === undefined) throw tableUnknown(table, status)
      if (removed === 'not-by-key') {
        const detail = `table ${table} is asked by attributes, and its answers are not stored by a key; forget all of them (mapgate purge ${table})`
        throw new ProblemError(400, 'invalid-parameter', detail)
      }
      if (typeof removed !== 'number') throw storeFailed(removed.reason)
      const elsewhere = await control.purgeElsewhere(table, what)
      const isWritten = typeof control.store(table) === 'object'
      const of = isWritten ? ('entries' as const) : ('answers' as const)
      return { removed, of, ...(elsewhere !== undefined && { elsewhere }) }
    },
  )
  app.post(
    '/api/v1/tables/:table/confirm-loss',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Says that the keys which a service lost are gone on purpose: "not found" is believed again',
        tags: ['tables'],
        params: TableParams,
        response: {
          200: Type.Object({
            confirmed: Type.Boolean({ description: 'False when no loss was held back.' }),
          }),
          ...problems(401, 403, 404),
        },
      },
    },
    async (request) => {
      const confirmed = control.confirmLoss(request.params.table)
      if (confirmed === undefined) throw tableUnknown(request.params.table, status)
      return { confirmed }
    },
  )
}

function purgeWhat(key: Buffer | undefined, domain: string | undefined): PurgeWhat {
  if (key !== undefined && domain !== undefined) {
    throw new ProblemError(400, 'invalid-parameter', 'give either a key or a domain, not both')
  }
  if (key !== undefined) return { kind: 'key', key }
  if (domain !== undefined) return { kind: 'domain', domain }
  return { kind: 'all' }
}
