/**
 * What the API answers, as JSON Schema for the OpenAPI document. The shapes are those of
 * src/core/status.ts and src/observability; a test checks real answers against them.
 */
import { Type } from '../config/json-schema.ts'
import { ProblemSchema } from './problem.ts'

const Count = Type.Integer({ minimum: 0 })
const Ms = Type.Number({ minimum: 0, description: 'Milliseconds.' })
const WallMs = Type.Number({ description: 'Milliseconds since 1970-01-01 UTC.' })

export const TableParams = Type.Object({
  table: Type.String({ minLength: 1, maxLength: 200, description: 'Name of a lookup table.' }),
})

export const LookupResultSchema = Type.Object(
  {
    kind: Type.Enum(['found', 'notfound', 'temporary', 'permanent']),
    value: Type.Optional(Type.String({ description: 'With `found`.' })),
    cause: Type.Optional(Type.String({ description: 'With `temporary` and `permanent`.' })),
    reason: Type.Optional(
      Type.String({ description: 'With `temporary` and `permanent`: what the mail log shows.' }),
    ),
  },
  { description: 'What the mail server is told.' },
)

const Store = Type.Object({ foundEntries: Count, negativeEntries: Count, bytes: Count })

const Canary = Type.Object({
  upstream: Type.String(),
  endpoint: Type.String(),
  state: Type.Enum(['unknown', 'up', 'missing', 'unreachable']),
})

export const TableSchema = Type.Object({
  name: Type.String(),
  upstreams: Type.Array(Type.String()),
  search: Type.String(),
  cache: Type.Optional(Store),
  canaries: Type.Array(Canary),
})

const Endpoint = Type.Object({
  name: Type.String({ description: 'Index and host.' }),
  circuit: Type.Enum(['closed', 'open', 'half-open']),
  lastFailure: Type.Optional(
    Type.String({ description: 'While the circuit is not closed: how a request ended last that failed.' }),
  ),
  pausedForMs: Type.Optional(Ms),
  certificateExpiresAtMs: Type.Optional(WallMs),
})

export const UpstreamSchema = Type.Object({
  name: Type.String(),
  kind: Type.String({ description: 'Name of the upstream kind, such as `http` or `static`.' }),
  inFlight: Count,
  queued: Count,
  endpoints: Type.Array(Endpoint),
})

export const ListenerSchema = Type.Object({
  name: Type.String({ description: 'The address as written in the configuration.' }),
  protocol: Type.Enum(['socketmap', 'tcp_table']),
  bound: Type.String({ description: 'The address in use.' }),
  connections: Count,
})

export const StatusSchema = Type.Object({
  version: Type.String(),
  startedAtMs: WallMs,
  state: Type.Enum(['starting', 'ready', 'draining']),
  degraded: Type.Array(Type.String()),
  tables: Type.Array(TableSchema),
  upstreams: Type.Array(UpstreamSchema),
  listeners: Type.Array(ListenerSchema),
})

const Slice = Type.Object(
  {
    results: Type.Object({ found: Count, notfound: Count, temporary: Count, permanent: Count }),
    sources: Type.Record(Count),
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

export const HistoryPointSchema = Type.Object({
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

export const ProblemEntrySchema = Type.Object({
  kind: Type.Enum([
    'circuit',
    'canary',
    'lookup',
    'shed',
    'reload',
    'defect',
    'listener',
    'log',
    'cache-file',
    'secrets',
  ]),
  where: Type.String(),
  text: Type.String(),
  firstAtMs: WallMs,
  lastAtMs: WallMs,
  count: Type.Integer({ minimum: 1 }),
})

/** Every status in `statuses` is answered by a problem document. */
export function problems(...statuses: number[]): Record<number, ReturnType<typeof problemResponse>> {
  return Object.fromEntries(statuses.map((status) => [status, problemResponse()]))
}

function problemResponse() {
  return {
    description: 'A problem.',
    content: { 'application/problem+json': { schema: ProblemSchema } },
  }
}
