/**
 * What one reply is called: in the metrics, and in the explanation of the lookup that waits for it.
 */
import { readableMs } from '../clock.ts'
import type { ExplainStep } from '../observed/explain.ts'
import type { RequestOutcome } from '../observed/observer.ts'
import type { Answer, Question, Reply } from '../upstream.ts'
import { MAX_RETRY_AFTER_MS } from './circuit-limits.ts'

/** Why an attempt is made. */
export type AttemptKind = 'first' | 'failover' | 'retry' | 'hedge' | 'canary'

/** One reply, and the attempt that brought it. */
export interface RepliedAttempt<R extends Reply = Reply> {
  readonly kind: AttemptKind
  readonly reply: R
  readonly durationMs: number
  /** Position of the endpoint. */
  readonly endpoint: number
}

/** Where a reply came from. */
interface ReplyOrigin {
  /** Name of the upstream. */
  readonly upstream: string
  /** Name of the endpoint. */
  readonly endpoint: string
  /** How many keys went in the request; undefined for a request of one key's own. */
  readonly batchKeys?: number
}

/** How a reply is counted; undefined for what was not sent. */
export function outcomeOf(reply: Reply): RequestOutcome | undefined {
  if (reply.suppressed !== undefined || reply.isUnsent) return undefined
  const { result } = reply
  if (result.kind !== 'temporary') return result.kind
  const { cause } = result
  return cause === 'timeout' || cause === 'connect' || cause === 'unreadable' ? cause : 'temporary'
}

/** Cause and reason of a reply that is a failure; it holds no key, URL or secret, as no reason does. */
export function failureOf({ result }: Pick<Reply, 'result'>): string | undefined {
  return result.kind === 'temporary' || result.kind === 'permanent'
    ? `${result.cause}: ${result.reason}`
    : undefined
}

/** Adds the reply to the explanation of the question, if somebody keeps one. */
export function explainReply(
  { explanation, key }: Question,
  attempt: RepliedAttempt,
  origin: ReplyOrigin,
): void {
  explanation?.add(stepOf(key, attempt, origin))
}

function stepOf(key: string, { kind, reply, durationMs }: RepliedAttempt, origin: ReplyOrigin): ExplainStep {
  const { upstream, endpoint, batchKeys } = origin
  if (reply.suppressed !== undefined) return { step: 'suppressed', key, upstream, why: reply.suppressed }
  const step = {
    step: 'request',
    key,
    upstream,
    endpoint,
    status: reply.status,
    durationMs: readableMs(durationMs),
    result: reply.result,
    selected: reply.selected,
    traceparent: reply.traceparent,
    attempt: kind,
    ...(reply.exchange !== undefined && { exchange: reply.exchange }),
  } as const
  return batchKeys === undefined ? step : { ...step, batchKeys }
}

/** What a reply is to a table. */
export function answerOf(reply: Reply, endpoint: number): Answer {
  const { kind } = reply.result
  const isAnswer = kind === 'found' || kind === 'notfound' || kind === 'notmodified'
  return {
    result: reply.result,
    storable: isAnswer && reply.suppressed === undefined,
    caching: reply.caching,
    validators: reply.validators,
    endpoint,
    // A key that lacks a part was not asked for at all.
    source: reply.suppressed === undefined ? 'upstream' : 'filtered',
    retryAfterMs: reply.retryAfterMs && Math.min(reply.retryAfterMs, MAX_RETRY_AFTER_MS),
  }
}
