/** The tables that are kept here as a whole: reading the list now, what is kept aside, and single changes. */
import type { ReplicaOutcome, ReplicaStatus } from '../../core/replica/replica-status.ts'
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { AdminPorts } from '../ports.ts'
import { ProblemError, tableUnknown } from '../problem.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems, TableParams } from '../schemas.ts'
import { shownReplica } from '../shown-replica.ts'
import { ReplicaSchema } from './status.ts'

const EntryParams = Type.Object({
  table: Type.String({ minLength: 1, maxLength: 200, description: 'Name of a lookup table.' }),
  key: Type.String({ minLength: 1, maxLength: 1024, description: 'The key, percent-encoded.' }),
})

const Entry = Type.Object(
  {
    value: Type.Unknown({
      description:
        'What the entry of the list would have: a text, a list of texts, or where `replica.value` is a path, the whole entry.',
    }),
  },
  { additionalProperties: false },
)

const RefreshQuery = Type.Object(
  {
    whole: Type.Optional(
      Type.Enum(['true', 'false'], {
        description: 'Asks for the whole list, also where the table asks for changes.',
      }),
    ),
  },
  { additionalProperties: false },
)

export function addReplicaRoutes(app: App, { ports }: RouteParts): void {
  const config = { access: 'operator' } as const
  const shown = (status: ReplicaStatus) => shownReplica(status, ports.renderKey)
  const response = { 200: ReplicaSchema, ...problems(401, 403, 404, 409, 503) }
  const schemaOf = (summary: string) => ({ summary, tags: ['tables'], params: TableParams, response })

  app.post(
    '/api/v1/tables/:table/replica/refresh',
    {
      config,
      schema: {
        ...schemaOf('Asks for the changes or the list of the table now; the answer does not wait for it'),
        querystring: RefreshQuery,
        response: { ...response, ...problems(400) },
      },
    },
    async ({ params, query }) =>
      shown(statusAfter(replicaOf(ports, params.table).refresh(query.whole === 'true'), whyNotChanged)),
  )
  for (const [word, accept, summary] of [
    ['accept', true, 'Takes the list that is kept aside into use'],
    ['reject', false, 'Forgets the list that is kept aside'],
  ] as const) {
    app.post(
      `/api/v1/tables/:table/replica/${word}`,
      { config, schema: schemaOf(summary) },
      async ({ params }) =>
        shown(statusAfter(await replicaOf(ports, params.table).settleHeld(accept), whyNotSettled)),
    )
  }
  app.put(
    '/api/v1/tables/:table/replica/entries/:key',
    {
      config,
      schema: {
        summary: 'Puts one entry into the copy; the same again changes nothing',
        tags: ['tables'],
        params: EntryParams,
        body: Entry,
        response: { 200: ReplicaSchema, ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
      },
    },
    async ({ params, body }) => {
      if (body.value === undefined)
        throw new ProblemError(400, 'invalid-parameter', '"value" is missing; add it')
      return shown(statusAfter(await change(ports, params.table, params.key, body.value), whyNotChanged))
    },
  )
  app.delete(
    '/api/v1/tables/:table/replica/entries/:key',
    {
      config,
      schema: {
        summary: 'Takes one entry out of the copy, if it is there',
        tags: ['tables'],
        params: EntryParams,
        response: { 200: ReplicaSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async ({ params }) =>
      shown(statusAfter(await change(ports, params.table, params.key, undefined), whyNotChanged)),
  )
}

/** Here, and in the copies of the gateways that share a store with this one. */
async function change(
  ports: Pick<AdminPorts, 'control' | 'status'>,
  table: string,
  key: string,
  item: unknown,
) {
  const outcome = await replicaOf(ports, table).change(key, item)
  if (outcome.kind === 'done') ports.control.entryElsewhere(table, key, item)
  return outcome
}

function replicaOf({ control, status }: Pick<AdminPorts, 'control' | 'status'>, table: string) {
  const replica = control.replica(table)
  if (replica === undefined) throw tableUnknown(table, status)
  if (replica !== 'none') return replica
  throw new ProblemError(
    409,
    'replica-refused',
    'this table has no replica; add replica to it in the configuration',
  )
}

function whyNotSettled({ state, held }: ReplicaStatus): string {
  if (state === 'copying' && held !== undefined)
    return 'the next list is being read and may take the place of the one that is kept aside; try again when it is there (mapgate replica status TABLE)'
  return state === 'empty'
    ? 'there is no copy yet; look at lastFailure of the table'
    : 'no list is kept aside; nothing to decide'
}

function whyNotChanged({ state }: ReplicaStatus): string {
  return state === 'copying'
    ? 'there is no copy yet, the first list is being read'
    : 'there is no copy yet; look at lastFailure of the table'
}

function statusAfter(outcome: ReplicaOutcome, whyNothing: (status: ReplicaStatus) => string): ReplicaStatus {
  switch (outcome.kind) {
    case 'done':
      return outcome.status
    case 'nothing':
      throw new ProblemError(409, 'replica-refused', whyNothing(outcome.status))
    case 'invalid':
      throw new ProblemError(400, 'invalid-parameter', outcome.why)
    case 'failed':
      throw new ProblemError(503, 'replica-failed', outcome.why)
  }
}
