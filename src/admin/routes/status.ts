/** What the program is doing now: tables, upstreams, listeners, and all of it at once. */
import { Type } from '../../config/json-schema.ts'
import type { App } from '../app.ts'
import { tableUnknown } from '../known-table.ts'
import type { AdminPorts } from '../ports.ts'
import {
  ListenerSchema,
  problems,
  StatusSchema,
  TableParams,
  TableSchema,
  UpstreamSchema,
} from '../schemas.ts'

export function addStatusRoutes(app: App, { clock, status, version }: AdminPorts): void {
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
      if (table === undefined) throw tableUnknown()
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
