/** Drills: an upstream is treated as dead for a while. */
import { type DrillReport, MAX_DRILL_MS, MIN_DRILL_MS } from '../../core/observed/drill-report.ts'
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import { ProblemError } from '../problem.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems, WallMs } from '../schemas.ts'

const UpstreamName = Type.String({ minLength: 1, maxLength: 200, description: 'Name of an upstream.' })

const Table = Type.Object({
  name: Type.String(),
  readiness: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'When the drill began: share of the lookups before it that would be answered.',
    }),
  ),
  answered: Type.Integer({ minimum: 0, description: 'Lookups of mail servers answered during the drill.' }),
  deferred: Type.Integer({ minimum: 0, description: 'Those answered "try later".' }),
})

const Drill = Type.Object({
  upstream: Type.String(),
  state: Type.Enum(['running', 'ended']),
  startedAtMs: WallMs,
  endsAtMs: WallMs,
  endedBy: Type.Optional(Type.Enum(['time', 'operator', 'reload', 'stop'])),
  tables: Type.Array(Table),
})

export function addDrillRoutes(app: App, { ports: { control, drills, status } }: RouteParts): void {
  app.get(
    '/api/v1/drills',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'The drills under way, and the last one of each upstream',
        tags: ['drills'],
        response: {
          200: Type.Object({ drills: Type.Array(Drill) }),
          ...problems(401),
        },
      },
    },
    async () => ({ drills: drills().map(asJson) }),
  )
  app.post(
    '/api/v1/drills',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Treats an upstream as dead for a while: nothing is sent to it',
        description: 'It ends by itself, and with a reload or the end of the program.',
        tags: ['drills'],
        body: Type.Object(
          {
            upstream: UpstreamName,
            seconds: Type.Integer({ minimum: MIN_DRILL_MS / 1000, maximum: MAX_DRILL_MS / 1000 }),
          },
          { additionalProperties: false },
        ),
        response: { 200: Drill, ...problems(400, 401, 403, 404, 409, 413, 415) },
      },
    },
    async (request) => {
      const { upstream, seconds } = request.body
      const drill = control.beginDrill(upstream, seconds * 1000)
      switch (drill) {
        case 'no-upstream':
          throw upstreamUnknown()
        case 'nothing-asked':
          throw new ProblemError(
            409,
            'drill-refused',
            'the upstream asks no service, so nothing of it can die',
          )
        case 'running':
          throw new ProblemError(
            409,
            'drill-refused',
            `a drill of this upstream is under way; mapgate drill --stop ${upstream} ends it`,
          )
        case 'outage':
          throw new ProblemError(
            409,
            'drill-refused',
            'no endpoint of the upstream answers: this is an outage, and a drill would show nothing else; see mapgate status',
          )
        default:
          return asJson(drill)
      }
    },
  )
  app.delete(
    '/api/v1/drills/:upstream',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Ends a drill; the answer is what it showed',
        tags: ['drills'],
        params: Type.Object({ upstream: UpstreamName }),
        response: { 200: Drill, ...problems(401, 403, 404) },
      },
    },
    async (request) => {
      const { upstream } = request.params
      const drill = control.endDrill(upstream)
      if (drill !== undefined) return asJson(drill)
      if (!status().upstreams.some(({ name }) => name === upstream)) throw upstreamUnknown()
      throw new ProblemError(
        404,
        'drill-refused',
        'no drill of this upstream is under way; GET /api/v1/drills lists them',
      )
    },
  )
}

function upstreamUnknown(): ProblemError {
  return new ProblemError(
    404,
    'upstream-unknown',
    'no such upstream; mapgate status and GET /api/v1/upstreams list all',
  )
}

function asJson({ tables, ...drill }: DrillReport) {
  return { ...drill, tables: [...tables] }
}
