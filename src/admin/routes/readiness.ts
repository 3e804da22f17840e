/** How ready the tables are for an outage, and which keys would be deferred. */
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { RouteParts } from '../route-parts.ts'
import { Count, problems } from '../schemas.ts'

/** Keys listed for each table. Ours: more than anybody fixes at once. */
const MAX_DEFERRED = 100

const Deferred = Type.Object({
  key: Type.Optional(Type.String({ description: 'As `log.keys` says.' })),
  lookups: Type.Integer({ minimum: 0, description: 'In the last ten minutes, estimated.' }),
  at: Type.Optional(Type.String({ description: 'The search key that `why` is about, as `log.keys` says.' })),
  why: Type.String(),
})

const Readiness = Type.Object({
  name: Type.String(),
  lookups: Type.Integer({ minimum: 0, description: 'In the last ten minutes, estimated.' }),
  sampled: Type.Integer({ minimum: 0, description: 'How many of them were looked at.' }),
  ratio: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Share of the lookups that would be answered; absent without lookups.',
    }),
  ),
  deferredKeys: Count,
  deferred: Type.Array(Deferred, { description: 'The most frequent first, at most 100.' }),
  advice: Type.Array(Type.String(), { description: 'What to write, so that fewer are deferred.' }),
})

export function addReadinessRoute(app: App, { ports: { readiness, renderKey } }: RouteParts): void {
  app.get(
    '/api/v1/readiness',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'What would be answered if the services died now, by table',
        tags: ['status'],
        response: { 200: Type.Object({ tables: Type.Array(Readiness) }), ...problems(401) },
      },
    },
    async () => ({
      tables: readiness().map(({ deferred, advice, ...table }) => ({
        ...table,
        deferredKeys: deferred.length,
        deferred: deferred.slice(0, MAX_DEFERRED).map(({ key, at, lookups, why }) => {
          const shown = { key: renderKey(key), at: renderKey(at) }
          return {
            ...(shown.key !== undefined && { key: shown.key }),
            lookups,
            ...(shown.at !== undefined && { at: shown.at }),
            why,
          }
        }),
        advice: [...advice],
      })),
    }),
  )
}
