/** The configuration in use, its reload, and the log level. */
import { LOG_LEVELS } from '../../core/settings/log-level.ts'
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import { ProblemError } from '../problem.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems } from '../schemas.ts'

const LogLevelBody = Type.Object({ level: Type.Enum(LOG_LEVELS) }, { additionalProperties: false })

const Reloaded = Type.Object({ changes: Type.Array(Type.String()), warnings: Type.Array(Type.String()) })

export function addSettingsRoutes(app: App, { ports: { control } }: RouteParts): void {
  app.get(
    '/api/v1/config',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'The configuration in use, with every default; secrets show as ***',
        tags: ['settings'],
        response: { 200: Type.Object({}, { additionalProperties: true }), ...problems(401) },
      },
    },
    async (_request, reply) => reply.send(control.redactedConfig() as Record<string, unknown>),
  )
  app.post(
    '/api/v1/reload',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Checks the configuration file and takes it over; a bad file changes nothing',
        tags: ['settings'],
        response: { 200: Reloaded, ...problems(401, 403, 422) },
      },
    },
    async () => {
      const report = await control.reload()
      if (report.ok) return { changes: [...report.changes], warnings: [...report.warnings] }
      const detail = 'the configuration file is bad; the configuration before it stays in use'
      throw new ProblemError(422, 'configuration-bad', detail, {}, { errors: report.issues })
    },
  )
  app.get(
    '/api/v1/log-level',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'The log level',
        tags: ['settings'],
        response: { 200: LogLevelBody, ...problems(401) },
      },
    },
    async () => ({ level: control.logLevel() }),
  )
  app.put(
    '/api/v1/log-level',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Changes the log level until the next reload or restart',
        tags: ['settings'],
        body: LogLevelBody,
        response: { 200: LogLevelBody, ...problems(400, 401, 403, 413, 415) },
      },
    },
    async (request) => {
      control.setLogLevel(request.body.level)
      return { level: control.logLevel() }
    },
  )
}
