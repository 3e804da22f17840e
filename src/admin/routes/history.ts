/** What was: ten minutes of rates and latencies, and the last problems. */
import { Type } from '../../config/json-schema.ts'
import type { App } from '../app.ts'
import type { AdminPorts } from '../ports.ts'
import { HistoryPointSchema, ProblemEntrySchema, problems } from '../schemas.ts'

export function addHistoryRoutes(app: App, ports: AdminPorts): void {
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
