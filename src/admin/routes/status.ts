/** What the program is doing now: tables, upstreams, listeners, and all of it at once. */
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import { tableUnknown } from '../problem.ts'
import type { RouteParts } from '../route-parts.ts'
import { Count, Ms, problems, TableParams, WallMs } from '../schemas.ts'

const Store = Type.Object({ foundEntries: Count, negativeEntries: Count, bytes: Count })

const Canary = Type.Object({
  upstream: Type.String(),
  endpoint: Type.String(),
  state: Type.Enum(['unknown', 'up', 'missing', 'unreachable']),
})

/** Of the routes about copies, too. */
export const ReplicaSchema = Type.Object({
  state: Type.Enum(['empty', 'ready', 'copying', 'held'], {
    description:
      '`empty`: no copy yet; `held`: a copy is in use, and the last list is kept aside until somebody accepts it.',
  }),
  entries: Count,
  everyMs: Ms,
  copiedAtMs: Type.Optional(WallMs),
  changedAtMs: Type.Optional(WallMs),
  bytes: Type.Optional(Count),
  durationMs: Type.Optional(Ms),
  nextRefreshAtMs: Type.Optional(WallMs),
  progress: Type.Optional(
    Type.Object({
      entries: Count,
      bytes: Count,
      share: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    }),
  ),
  lastFailure: Type.Optional(Type.String({ description: 'Why the last list was not taken over.' })),
  held: Type.Optional(
    Type.Object({
      entries: Count,
      lost: Count,
      missing: Type.Optional(
        Type.Array(Type.String(), {
          description: 'Some keys that the list lacks, as `log.keys` shows them; absent where it hides them.',
        }),
      ),
      copiedAtMs: WallMs,
      reason: Type.String({ description: 'Why the list is kept aside.' }),
    }),
  ),
  failures: Count,
  heldBack: Count,
  copies: Count,
  changes: Type.Optional(
    Type.Object({
      rounds: Count,
      set: Count,
      gone: Count,
      unusable: Count,
      listedAtMs: Type.Optional(WallMs),
      lastProblem: Type.Optional(
        Type.String({ description: 'Why the changes could not be used, so that the whole list was read.' }),
      ),
    }),
  ),
})

/** Of the route about a shadow, too. */
export const SHADOW = {
  upstream: Type.String({ description: "The upstream that is asked beside the table's own." }),
  share: Type.Number({ description: 'Of the misses.' }),
  same: Count,
  differs: Count,
  failed: Type.Integer({ minimum: 0, description: 'The shadow could not say.' }),
  busy: Type.Integer({ minimum: 0, description: 'The shadow had no slot free, and was not asked.' }),
}

const TableSchema = Type.Object({
  name: Type.String(),
  upstreams: Type.Array(Type.String()),
  search: Type.String(),
  cache: Type.Optional(Store),
  canaries: Type.Array(Canary),
  readiness: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description:
        "Share of the last ten minutes' lookups that would be answered if the services died now; absent without lookups.",
    }),
  ),
  holdsLoss: Type.Optional(
    Type.Boolean({
      description:
        'Set while "not found" is not believed of keys that were found before, because the service lost many.',
    }),
  ),
  replica: Type.Optional(ReplicaSchema),
  shadow: Type.Optional(Type.Object(SHADOW)),
})

const Endpoint = Type.Object({
  name: Type.String({ description: 'Index and host.' }),
  circuit: Type.Enum(['closed', 'open', 'half-open']),
  lastFailure: Type.Optional(
    Type.String({
      description:
        'While the circuit is not closed, or all lookups fail: how a request ended last that failed.',
    }),
  ),
  onlyKnownForMs: Type.Optional(
    Type.Number({
      description:
        'Set while only questions whose answer is known are answered, such as canaries: for how long all lookups have failed.',
    }),
  ),
  pausedForMs: Type.Optional(Ms),
  certificateExpiresAtMs: Type.Optional(WallMs),
})

const FetchSchema = Type.Object({
  what: Type.String({ description: 'One word for it, such as `token` or `keys`.' }),
  title: Type.String({ description: 'The same for people.' }),
  endpoint: Type.String({ description: 'Host and port of where it is fetched.' }),
  state: Type.Enum(['none', 'valid', 'failing'], {
    description: '`failing` while the last request for it failed, even if an older one is still used.',
  }),
  detail: Type.Optional(Type.String({ description: 'What is in use, in words.' })),
  fetchedAtMs: Type.Optional(WallMs),
  expiresAtMs: Type.Optional(WallMs),
  lastFailure: Type.Optional(Type.String()),
})

const UpstreamSchema = Type.Object(
  {
    name: Type.String(),
    kind: Type.String({ description: 'Name of the upstream kind, such as `http` or `static`.' }),
    inFlight: Count,
    queued: Count,
    drillEndsAtMs: Type.Optional(WallMs),
    fetches: Type.Optional(
      Type.Array(FetchSchema, {
        description:
          'What it fetches for itself and uses for a while: an access token, the keys of an issuer of tokens.',
      }),
    ),
    endpoints: Type.Array(Endpoint),
  },
  { description: 'Besides these, what only upstreams of its kind have: `token`, `keys`, `store`.' },
)

const ListenerSchema = Type.Object({
  name: Type.String({ description: 'The address as written in the configuration.' }),
  protocol: Type.String({ description: 'The name of its protocol.' }),
  bound: Type.String({ description: 'The address in use.' }),
  connections: Count,
})

const SharedSchema = Type.Object({
  address: Type.String(),
  state: Type.Enum(['up', 'down']),
  queuedWrites: Count,
  lastFailure: Type.Optional(Type.String({ description: 'Why it is down.' })),
})

const StatusSchema = Type.Object({
  version: Type.String(),
  startedAtMs: WallMs,
  state: Type.Enum(['starting', 'ready', 'draining']),
  degraded: Type.Array(Type.String()),
  tables: Type.Array(TableSchema),
  upstreams: Type.Array(UpstreamSchema),
  listeners: Type.Array(ListenerSchema),
  shared: Type.Optional(SharedSchema),
  protocols: Type.Array(Type.String(), {
    description: 'Names of the protocols that mail servers speak, as they are in the metrics.',
  }),
})

export function addStatusRoutes(app: App, { ports: { clock, status, version } }: RouteParts): void {
  const startedAtMs = clock.wallMs()
  const config = { access: 'viewer' } as const
  app.get(
    '/api/v1/status',
    {
      config,
      schema: {
        summary: 'Everything at one moment',
        tags: ['status'],
        response: { 200: StatusSchema, ...problems(401) },
      },
    },
    async (_request, reply) => reply.send({ version, startedAtMs, ...status() }),
  )
  app.get(
    '/api/v1/tables',
    {
      config,
      schema: {
        summary: 'The lookup tables, with what their caches hold and their canaries',
        tags: ['tables'],
        response: { 200: Type.Object({ tables: Type.Array(TableSchema) }), ...problems(401) },
      },
    },
    async (_request, reply) => reply.send({ tables: status().tables }),
  )
  app.get(
    '/api/v1/tables/:table',
    {
      config,
      schema: {
        summary: 'One lookup table',
        tags: ['tables'],
        params: TableParams,
        response: { 200: TableSchema, ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const table = status().tables.find(({ name }) => name === request.params.table)
      if (table === undefined) throw tableUnknown(request.params.table, status)
      return reply.send(table)
    },
  )
  app.get(
    '/api/v1/upstreams',
    {
      config,
      schema: {
        summary: 'The upstreams, with the circuit of each endpoint',
        tags: ['status'],
        response: { 200: Type.Object({ upstreams: Type.Array(UpstreamSchema) }), ...problems(401) },
      },
    },
    async (_request, reply) => reply.send({ upstreams: status().upstreams }),
  )
  app.get(
    '/api/v1/listeners',
    {
      config,
      schema: {
        summary: 'The listeners, with their open connections',
        tags: ['status'],
        response: { 200: Type.Object({ listeners: Type.Array(ListenerSchema) }), ...problems(401) },
      },
    },
    async (_request, reply) => reply.send({ listeners: status().listeners }),
  )
}
