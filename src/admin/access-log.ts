/**
 * One log line per request of the admin API: changes and refusals at `info`, reading at `debug`. It
 * names the route, never the path or the query, which hold keys; a key is shown as `log.keys` says.
 */
import type { FastifyInstance } from 'fastify'
import { Sampler } from '../observability/sampler.ts'
import type { AdminPorts } from './ports.ts'
import { queryBytes } from './query-string.ts'

/** Lines per second; a flood must not fill the log. Ours. */
const LINES_PER_SECOND = 50

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

export function logAccess(app: FastifyInstance, { clock, logger, renderKey }: AdminPorts): void {
  const sampler = new Sampler(clock, LINES_PER_SECOND)
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request
    const level = !SAFE_METHODS.has(method) || reply.statusCode >= 400 ? 'info' : 'debug'
    if (!logger.isLevelEnabled(level)) return
    const suppressed = sampler.take()
    if (suppressed === undefined) return
    const bytes = queryBytes(request.raw.url ?? '', 'key')
    const key = bytes && renderKey(bytes)
    logger[level](
      {
        event: 'admin',
        method,
        route: request.is404 ? '' : request.routeOptions.url,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
        role: request.role,
        ...(request.ip !== undefined && { address: request.ip }),
        ...(key !== undefined && { key }),
        ...(suppressed > 0 && { suppressed }),
      },
      'admin request',
    )
  })
}
