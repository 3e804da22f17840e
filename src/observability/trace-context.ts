/**
 * W3C Trace Context: the `traceparent` header that ties a request to a service to what the service
 * writes in its own log.
 *
 *   00-<trace id, 32 hex>-<parent id, 16 hex>-<flags, 2 hex>
 *
 * Source: https://www.w3.org/TR/trace-context/ section 3.2
 */
import { randomFillSync } from 'node:crypto'
import type { BatchEndpoint, BatchReply, Endpoint, Reply } from '../core/upstream.ts'

const VERSION = '00'
const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8
const NOT_SAMPLED = '00'
const SAMPLED = '01'

export function formatTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `${VERSION}-${traceId}-${spanId}-${sampled ? SAMPLED : NOT_SAMPLED}`
}

/** Random bytes fetched at once, ours: a call for each request would cost more than all else about it here. */
const POOL_BYTES = 4096
const pool = Buffer.allocUnsafeSlow(POOL_BYTES)
let poolAt = POOL_BYTES

/** Random bytes in hexadecimal, straight out of the pool: a buffer for each request would cost as much as the text. */
function pooledHex(size: number): string {
  if (poolAt + size > POOL_BYTES) {
    randomFillSync(pool)
    poolAt = 0
  }
  poolAt += size
  return pool.toString('hex', poolAt - size, poolAt)
}

/**
 * A new trace that nobody records here. All zeroes, which the standard forbids, does not happen by chance.
 *
 * @param randomHex So many random bytes, in hexadecimal.
 */
export function newTraceparent(randomHex: (size: number) => string = pooledHex): string {
  const ids = randomHex(TRACE_ID_BYTES + SPAN_ID_BYTES)
  return formatTraceparent(ids.slice(0, 2 * TRACE_ID_BYTES), ids.slice(2 * TRACE_ID_BYTES), false)
}

/** An endpoint whose requests carry a `traceparent`, for programs that record no spans of their own. */
export function withTraceparent(inner: Endpoint): Endpoint {
  return {
    name: inner.name,
    unsent: (key) => inner.unsent?.(key),
    send: async (key, options) => {
      const traceparent = newTraceparent()
      const { timeoutMs, signal, validators, attributes, keepExchange } = options
      const sent = { timeoutMs, signal, validators, attributes, keepExchange, traceparent }
      return tracedReply(await inner.send(key, sent), traceparent)
    },
  }
}

/** Field by field: a spread in front of more fields is slow to make (bench/RESULTS.md). */
function tracedReply(reply: Reply, traceparent: string): Reply {
  return {
    result: reply.result,
    status: reply.status,
    evidence: reply.evidence,
    retry: reply.retry,
    retryAfterMs: reply.retryAfterMs,
    caching: reply.caching,
    validators: reply.validators,
    selected: reply.selected,
    traceparent,
    exchange: reply.exchange,
    suppressed: reply.suppressed,
    isUnsent: reply.isUnsent,
  }
}

/** As {@link withTraceparent}, for an endpoint that takes many keys in one request. */
export function withBatchTraceparent(inner: BatchEndpoint): BatchEndpoint {
  return {
    ...withTraceparent(inner),
    maxKeys: inner.maxKeys,
    sendMany: async (keys, options) => {
      const traceparent = newTraceparent()
      return tracedReplies(await inner.sendMany(keys, { ...options, traceparent }), traceparent)
    },
  }
}

/** Notes on each reply of a batch which request it came by. */
export function tracedReplies({ replies, overall }: BatchReply, traceparent: string): BatchReply {
  const traced = new Map(Array.from(replies, ([key, reply]) => [key, { ...reply, traceparent }]))
  return { replies: traced, overall: { ...overall, traceparent } }
}
