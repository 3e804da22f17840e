/** `/metrics`, for Prometheus. */
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems } from '../schemas.ts'

export function addMetricsRoute(app: App, { ports: { metrics } }: RouteParts): void {
  app.get(
    '/metrics',
    {
      config: { access: 'metrics' },
      schema: {
        summary: 'Metrics in the text format of Prometheus',
        tags: ['health'],
        produces: ['text/plain'],
        response: {
          200: {
            description: 'Exposition text, version 0.0.4.',
            content: { 'text/plain': { schema: Type.String() } },
          },
          ...problems(401, 403),
        },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  )
}
