/**
 * What one reply is called: in the metrics, and in the explanation of the lookup that waits for it.
 */
import { readableMs } from '../clock.ts'
import type { ExplainStep } from '../explain.ts'
import type { RequestOutcome } from '../observer.ts'
import type { Question, Reply } from '../upstream.ts'
import type { AttemptKind } from './attempt.ts'

/** One reply, and the attempt that brought it. */
export interface RepliedAttempt {
  readonly kind: AttemptKind
  readonly reply: Reply
  readonly durationMs: number
  /** Name of the upstream. */
  readonly upstream: string
  /** Name of the endpoint. */
  readonly endpoint: string
  /** How many keys went in the request; undefined for a request of one key's own. */
  readonly batchKeys?: number
}

/** How a reply is counted; a question that was suppressed was not sent. */
export function outcomeOf(reply: Reply): RequestOutcome | undefined {
  if (reply.suppressed !== undefined) return undefined
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
export function explainReply({ explanation, key }: Question, attempt: RepliedAttempt): void {
  explanation?.add(stepOf(key, attempt))
}

function stepOf(key: string, attempt: RepliedAttempt): ExplainStep {
  const { upstream, endpoint, reply, batchKeys } = attempt
  if (reply.suppressed !== undefined) return { step: 'suppressed', key, upstream, why: reply.suppressed }
  const step = {
    step: 'request',
    key,
    upstream,
    endpoint,
    status: reply.status,
    durationMs: readableMs(attempt.durationMs),
    result: reply.result,
    selected: reply.selected,
    traceparent: reply.traceparent,
    attempt: attempt.kind,
  } as const
  return batchKeys === undefined ? step : { ...step, batchKeys }
}
