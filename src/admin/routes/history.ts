/** What was: ten minutes of rates and latencies, and the last problems. */
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { RouteParts } from '../route-parts.ts'
import { Count, Ms, problems, WallMs } from '../schemas.ts'

const Slice = Type.Object(
  {
    results: Type.Object({ found: Count, notfound: Count, temporary: Count, permanent: Count }),
    sources: Type.Record(Count),
    replies: Type.Optional(Type.Record(Count)),
    p50Ms: Type.Optional(Ms),
    p95Ms: Type.Optional(Ms),
    p99Ms: Type.Optional(Ms),
  },
  { description: 'Counts of one step, and the percentiles of its durations.' },
)

const EndpointSlice = Type.Object({
  upstream: Type.String(),
  endpoint: Type.String(),
  outcomes: Type.Record(Count),
  p50Ms: Type.Optional(Ms),
  p95Ms: Type.Optional(Ms),
})

const HistoryPointSchema = Type.Object({
  atMs: WallMs,
  stepMs: Ms,
  all: Slice,
  protocols: Type.Record(Slice),
  tables: Type.Record(Slice),
  endpoints: Type.Array(EndpointSlice),
  causes: Type.Record(Count),
  inFlight: Count,
  queued: Count,
  connections: Count,
})

const ProblemEntrySchema = Type.Object({
  kind: Type.String({
    description:
      'What kind of trouble, in one word: `circuit`, `canary`, `lookup`, `shed`, `reload`, `defect`, `listener`, `log`, `cache-file`, `replica`, `secrets`, `shared`, or what an upstream has trouble with, such as `token`, `keys`, `store`.',
  }),
  where: Type.String(),
  text: Type.String(),
  firstAtMs: WallMs,
  lastAtMs: WallMs,
  count: Type.Integer({ minimum: 1 }),
})

export function addHistoryRoutes(app: App, { ports }: RouteParts): void {
  const config = { access: 'viewer' } as const
  app.get(
    '/api/v1/history',
    {
      config,
      schema: {
        summary: 'Rates and latencies of the last ten minutes, one point every two seconds, the oldest first',
        tags: ['status'],
        response: { 200: Type.Object({ points: Type.Array(HistoryPointSchema) }), ...problems(401) },
      },
    },
    async (_request, reply) => reply.send({ points: ports.history.points() }),
  )
  app.get(
    '/api/v1/problems',
    {
      config,
      schema: {
        summary: 'The last problems, the latest first',
        tags: ['status'],
        response: { 200: Type.Object({ problems: Type.Array(ProblemEntrySchema) }), ...problems(401) },
      },
    },
    async (_request, reply) => reply.send({ problems: ports.problems.list() }),
  )
}
