/** A lookup by the same path as the mail's, with every step on request. */

import { redactedAddress } from '../../config/secret-names.ts'
import { Attributes, writtenQuestion } from '../../core/attributes.ts'
import { type Clock, readableMs } from '../../core/clock.ts'
import type { LookupOptions, Query } from '../../core/lookup.ts'
import { type ExplainStep, Explanation } from '../../core/observed/explain.ts'
import type { LookupResult } from '../../core/result.ts'
import type { GatewayStatus } from '../../core/status.ts'
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { AdminPorts, WireReply } from '../ports.ts'
import { ProblemError, tableUnknown } from '../problem.ts'
import { queryBytes } from '../query-string.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems, TableParams } from '../schemas.ts'

const LookupResultSchema = Type.Object(
  {
    kind: Type.Enum(['found', 'notfound', 'temporary', 'permanent']),
    value: Type.Optional(Type.String({ description: 'With `found`.' })),
    cause: Type.Optional(Type.String({ description: 'With `temporary` and `permanent`.' })),
    reason: Type.Optional(
      Type.String({ description: 'With `temporary` and `permanent`: what the mail log shows.' }),
    ),
  },
  { description: 'What the mail server gets.' },
)

const LookupCache = Type.Enum(['use', 'bypass'], {
  description: '`bypass` asks the service even if an answer is stored.',
})

const LookupQuery = Type.Object(
  {
    key: Type.String({ description: 'The key, percent-encoded; `+` is a plus sign. Any bytes.' }),
    explain: Type.Optional(
      Type.Enum(['true', 'false'], {
        description:
          'Adds every step taken; for the role operator also what went over the wire: URL, method and the beginning of the body, secrets as `***`.',
      }),
    ),
    cache: Type.Optional(LookupCache),
  },
  { additionalProperties: false },
)

const WireReplySchema = Type.Object({
  reply: Type.String({ description: 'The whole reply, as sent.' }),
  bytes: Type.Integer({ description: 'Its length.' }),
  result: LookupResultSchema,
})

/** @param protocols The names of those that mail servers speak. */
function lookupAnswer(protocols: readonly string[]) {
  return Type.Object({
    table: Type.String(),
    key: Type.String({ description: 'The key that was asked; bytes that are not UTF-8 show as U+FFFD.' }),
    result: LookupResultSchema,
    source: Type.Optional(Type.String({ description: 'Where the answer came from.' })),
    durationMs: Type.Number(),
    tooLongFor: Type.Array(Type.Enum(protocols), {
      description: 'Found, but longer than the client of this protocol reads: it gets "try later".',
    }),
    steps: Type.Optional(Type.Array(Type.Object({ step: Type.String() }, { additionalProperties: true }))),
    wire: Type.Optional(
      Type.Record(WireReplySchema, {
        description: 'By protocol: the reply that its client reads, and the result that it stands for.',
      }),
    ),
  })
}

/** Longest value of an attribute, UTF-16 units. Source: smtpd_sasl_response_limit is 12288, for a token. */
const MAX_VALUE_LENGTH = 12_288

/** Longest name of one. Ours: the longest of smtpd has 24. */
const MAX_NAME_LENGTH = 64

const Question = Type.Object(
  {
    attributes: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH }),
          value: Type.String({ maxLength: MAX_VALUE_LENGTH }),
        },
        { additionalProperties: false },
      ),
      { description: 'As the clients of the table send them; what is left out is empty.' },
    ),
    explain: Type.Optional(Type.Boolean({ description: 'Adds every step, and what went over the wire.' })),
    cache: Type.Optional(LookupCache),
  },
  { additionalProperties: false },
)

/** What a question is called in logs: the first of these that it has, as its own listener calls it. */
const CALLED_BY = ['recipient', 'sender', 'user'] as const

export function addLookupRoute(app: App, { ports, limits }: RouteParts): void {
  const { clock, lookup, wireReplies } = ports
  let inFlight = 0

  const answer = async (
    query: Pick<Query, 'table' | 'key' | 'attributes'>,
    isExplained: boolean,
    role: string | undefined,
    cache: LookupOptions['cache'],
    redactForeign: ShownBy['redactForeign'],
  ) => {
    const { table, key } = query
    if (inFlight >= limits.maxLookups) {
      const detail = `${limits.maxLookups} lookups of this API are under way already; try again in a second`
      throw new ProblemError(429, 'too-many-requests', detail, { 'retry-after': '1' })
    }
    // A URL and a body are of the service's inside: nothing for everybody who may look at the page.
    const explanation = new Explanation(isExplained && role === 'operator')
    const startMs = clock.monotonicMs()
    inFlight += 1
    let result: LookupResult
    try {
      result = await lookup.lookup({ protocol: 'admin', ...query }, { explanation, cache: cache ?? 'use' })
    } finally {
      inFlight -= 1
    }
    if (result.kind === 'permanent' && result.cause === 'no-table') throw tableUnknown(table, ports.status)
    const durationMs = readableMs(clock.monotonicMs() - startMs)
    await wholeBodies(explanation.steps, clock)
    const wire = wireReplies(table, result)
    return {
      table,
      key: key.toString('utf8'),
      result,
      source: sourceOf(explanation.steps),
      durationMs,
      tooLongFor: tooLongFor(wire),
      ...(isExplained && {
        steps: explanation.steps.map((step) => shownStep(step, { redactForeign, status: ports.status })),
        wire: Object.fromEntries(Array.from(wire, ([name, reply]) => [name, shown(reply)])),
      }),
    }
  }

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
        response: { 200: lookupAnswer(ports.protocols), ...problems(400, 401, 404, 429) },
      },
    },
    async (request, reply) => {
      const { table } = request.params
      const { explain, cache } = request.query
      const key = queryBytes(request.raw.url ?? '', 'key') ?? Buffer.alloc(0)
      return reply.send(
        await answer({ table, key }, explain === 'true', request.role, cache, ports.redactForeign),
      )
    },
  )
  // A body, since a URL is logged by whatever is between; for operators, who may try passwords without a delay.
  app.post(
    '/api/v1/tables/:table/lookup',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Asks a table that is asked by attributes',
        description: 'The same answer as for a key. The service is asked, and may count it.',
        tags: ['tables'],
        params: TableParams,
        body: Question,
        response: { 200: lookupAnswer(ports.protocols), ...problems(400, 401, 403, 404, 413, 415, 429) },
      },
    },
    async (request, reply) => {
      const { table } = request.params
      const { explain = false, cache } = request.body
      const values = new Map(request.body.attributes.map(({ name, value }) => [name, value]))
      const { shown, secret } = writtenQuestion(values, ports.secretAttributes)
      const attributes = new Attributes(shown, secret)
      const called = CALLED_BY.map((name) => shown.get(name)).find(Boolean) ?? ''
      const question = { table, key: Buffer.from(called), attributes }
      // A service may say what it was sent, in whatever form.
      const isSecret = [...secret.values()].some((value) => value !== '')
      const redactForeign = isSecret ? undefined : ports.redactForeign
      return reply.send(await answer(question, explain, request.role, cache, redactForeign))
    },
  )
}

/**
 * Without secrets, and then cut: a secret across the cut would show its beginning. The secrets of the configuration are taken out of every answer besides.
 */
function shownStep(step: ExplainStep, { redactForeign: redact, status }: ShownBy): ExplainStep {
  if (step.step === 'held' && step.result.kind === 'temporary' && step.result.cause === 'circuit')
    return { ...step, why: whyOpen(step.upstream, status()) }
  if (step.step !== 'request' || step.exchange === undefined) return step
  const { method, url, body, bodyBytes, repeated } = step.exchange
  const shown =
    body === undefined || redact === undefined ? {} : { body: firstBytes(redact(body)), bodyBytes }
  return { ...step, exchange: { method, url: redactedAddress(url), ...shown, ...(repeated && { repeated }) } }
}

interface ShownBy extends Pick<AdminPorts, 'status'> {
  /** Undefined: no body is shown. */
  readonly redactForeign: AdminPorts['redactForeign'] | undefined
}

/** What opened the circuits of an upstream, as far as they are open still. */
function whyOpen(upstream: string, { upstreams }: GatewayStatus): string {
  const { endpoints = [] } = upstreams.find(({ name }) => name === upstream) ?? {}
  const failures = endpoints.flatMap(({ name, circuit, lastFailure }) =>
    circuit === 'closed' || lastFailure === undefined ? [] : [`${name} failed last with "${lastFailure}"`],
  )
  return failures.length === 0 ? 'its circuits have closed meanwhile' : failures.join('; ')
}

/** Most bytes of a body that are shown. Ours: two lines of a terminal. */
const MAX_SHOWN_BYTES = 200

function firstBytes(text: string): string {
  return Buffer.from(text).toString('utf8', 0, MAX_SHOWN_BYTES)
}

/** Longest wait for bodies that no answer depends on, ms. Ours: they come with the head but for a service that hangs. */
const MAX_BODY_WAIT_MS = 250

async function wholeBodies(steps: readonly ExplainStep[], clock: Clock): Promise<void> {
  const waits = steps.flatMap((step) => (step.step === 'request' ? (step.exchange?.whole ?? []) : []))
  if (waits.length === 0) return
  let timer: { cancel(): void } | undefined
  const late = new Promise<void>((resolve) => {
    timer = clock.after(MAX_BODY_WAIT_MS, resolve)
  })
  await Promise.race([Promise.all(waits), late])
  timer?.cancel()
}

function sourceOf(steps: readonly ExplainStep[]): string | undefined {
  const last = steps.findLast((step) => step.step === 'answer')
  return last?.source
}

function tooLongFor(wire: ReadonlyMap<string, WireReply>): string[] {
  return Array.from(wire).flatMap(([name, { told }]) =>
    told.kind === 'temporary' && told.cause === 'too-long' ? [name] : [],
  )
}

function shown({ text, told }: WireReply) {
  return { reply: text, bytes: Buffer.byteLength(text), result: told }
}
