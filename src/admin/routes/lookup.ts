/** A lookup through the same door as the mail's, with every step on request. */
import { Type } from '../../config/json-schema.ts'
import { readableMs } from '../../core/clock.ts'
import { type ExplainStep, Explanation } from '../../core/explain.ts'
import type { LookupResult } from '../../core/result.ts'
import type { App } from '../app.ts'
import { ProblemError, tableUnknown } from '../problem.ts'
import { queryBytes } from '../query-string.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems, TableParams } from '../schemas.ts'

/** What a found answer looks like on each wire; anything else means that it was too long for the client. */
const FOUND_ON_WIRE = { socketmap: /^\d+:OK /, tcp_table: /^200 / } as const

const LookupResultSchema = Type.Object(
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

const LookupQuery = Type.Object(
  {
    key: Type.String({ description: 'The key, percent-encoded; `+` is a plus sign. Any bytes.' }),
    explain: Type.Optional(Type.Enum(['true', 'false'], { description: 'Adds every step taken.' })),
    cache: Type.Optional(
      Type.Enum(['use', 'bypass'], {
        description: '`bypass` asks the service although an answer is stored.',
      }),
    ),
  },
  { additionalProperties: false },
)

const WireReply = Type.Object({
  reply: Type.String({ description: 'The whole reply, as sent.' }),
  bytes: Type.Integer({ description: 'Its length.' }),
})

const LookupAnswer = Type.Object({
  table: Type.String(),
  key: Type.String({ description: 'The key that was asked; bytes that are not UTF-8 show as U+FFFD.' }),
  result: LookupResultSchema,
  source: Type.Optional(Type.String({ description: 'Where the answer came from.' })),
  durationMs: Type.Number(),
  tooLongFor: Type.Array(Type.Enum(['socketmap', 'tcp_table']), {
    description: 'Found, but longer than the client of this protocol reads: it is told to try later.',
  }),
  steps: Type.Optional(Type.Array(Type.Object({ step: Type.String() }, { additionalProperties: true }))),
  wire: Type.Optional(Type.Object({ socketmap: WireReply, tcp_table: WireReply })),
})

export function addLookupRoute(app: App, { ports, limits }: RouteParts): void {
  const { clock, lookup, wireReplies } = ports
  let inFlight = 0
  app.get(
    '/api/v1/tables/:table/lookup',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Looks a key up',
        description: 'The status is 200 for every result; `result.kind` tells which.',
        tags: ['tables'],
        params: TableParams,
        querystring: LookupQuery,
        response: { 200: LookupAnswer, ...problems(400, 401, 404, 429) },
      },
    },
    async (request, reply) => {
      if (inFlight >= limits.maxLookups) {
        const detail = `${limits.maxLookups} lookups of this API are under way already; try again in a second`
        throw new ProblemError(429, 'too-many-requests', detail, { 'retry-after': '1' })
      }
      const { table } = request.params
      const key = queryBytes(request.raw.url ?? '', 'key') ?? Buffer.alloc(0)
      const explanation = new Explanation()
      const startMs = clock.monotonicMs()
      inFlight += 1
      let result: LookupResult
      try {
        const cache = request.query.cache ?? 'use'
        result = await lookup.lookup({ protocol: 'admin', table, key }, { explanation, cache })
      } finally {
        inFlight -= 1
      }
      if (result.kind === 'permanent' && result.cause === 'no-table') throw tableUnknown()
      const wire = wireReplies(result)
      return reply.send({
        table,
        key: key.toString('utf8'),
        result,
        source: sourceOf(explanation.steps),
        durationMs: readableMs(clock.monotonicMs() - startMs),
        tooLongFor: tooLongFor(result, wire),
        ...(request.query.explain === 'true' && {
          steps: explanation.steps,
          wire: { socketmap: shown(wire.socketmap), tcp_table: shown(wire.tcp_table) },
        }),
      })
    },
  )
}

function sourceOf(steps: readonly ExplainStep[]): string | undefined {
  const last = steps.findLast((step) => step.step === 'answer')
  return last?.source
}

function tooLongFor(
  result: LookupResult,
  wire: { readonly socketmap: string; readonly tcp_table: string },
): ('socketmap' | 'tcp_table')[] {
  if (result.kind !== 'found') return []
  return (['socketmap', 'tcp_table'] as const).filter(
    (protocol) => !FOUND_ON_WIRE[protocol].test(wire[protocol]),
  )
}

function shown(reply: string): { reply: string; bytes: number } {
  return { reply, bytes: Buffer.byteLength(reply) }
}
