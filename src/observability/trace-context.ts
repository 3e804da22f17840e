/**
 * W3C Trace Context: the `traceparent` header that ties a request to a service to what the service
 * writes in its own log.
 *
 *   00-<trace id, 32 hex>-<parent id, 16 hex>-<flags, 2 hex>
 *
 * Source: https://www.w3.org/TR/trace-context/ section 3.2
 */
import { randomBytes } from 'node:crypto'

const VERSION = '00'
const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8
const NOT_SAMPLED = '00'
const SAMPLED = '01'

export function formatTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `${VERSION}-${traceId}-${spanId}-${sampled ? SAMPLED : NOT_SAMPLED}`
}

/** A new trace that nobody records here. All zeroes, which the standard forbids, does not happen by chance. */
export function newTraceparent(random: (size: number) => Buffer = randomBytes): string {
  const traceId = random(TRACE_ID_BYTES).toString('hex')
  return formatTraceparent(traceId, random(SPAN_ID_BYTES).toString('hex'), false)
}

/** The trace id of a header made here. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(VERSION.length + 1, VERSION.length + 1 + TRACE_ID_BYTES * 2)
}
