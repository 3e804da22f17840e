/** `/livez` and `/readyz`, for what starts and watches the program: systemd, containers, load balancers. */
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { RouteParts } from '../route-parts.ts'

const Live = Type.Object({ status: Type.Literal('ok') })
const Ready = Type.Object({
  status: Type.Enum(['ready', 'degraded', 'starting', 'draining']),
  degraded: Type.Array(Type.String(), { description: 'One sentence for each trouble.' }),
})

export function addHealthRoutes(app: App, { ports: { status } }: RouteParts): void {
  app.get(
    '/livez',
    {
      config: { access: 'open', rateLimit: false },
      schema: {
        summary: 'Tells that the program runs',
        tags: ['health'],
        security: [],
        response: { 200: Live },
      },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/readyz',
    {
      config: { access: 'open' },
      schema: {
        summary: 'Says whether lookups are served',
        description:
          '503 only while starting and draining. Trouble with a canary or a circuit is `degraded` and 200: another instance would have it too.',
        tags: ['health'],
        security: [],
        response: { 200: Ready, 503: Ready },
      },
    },
    async (_request, reply) => {
      const { state, degraded } = status()
      if (state !== 'ready') return reply.code(503).send({ status: state, degraded: [...degraded] })
      const healthy = degraded.length === 0
      return { status: healthy ? ('ready' as const) : ('degraded' as const), degraded: [...degraded] }
    },
  )
}
