/**
 * Tracing: OpenTelemetry spans for lookups and for the requests they cause, sent to an OTLP endpoint.
 *
 * Only when `tracing.otlp` is configured: the packages are optional and loaded by {@link startTracing},
 * and the parts that are wrapped here stay unwrapped otherwise.
 *
 * A lookup that is answered at once has no span: it has nothing inside, there are ten thousands a
 * second, and the metrics count them. No span holds a key.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Span, Tracer } from '@opentelemetry/api'
import type { Lookup, Query } from '../core/lookup.ts'
import type { LookupResult } from '../core/result.ts'
import type { BatchEndpoint, Endpoint, Reply } from '../core/upstream.ts'
import { formatTraceparent, tracedReplies } from './trace-context.ts'

export interface TracingOptions {
  /** Base URL of the collector, as `tracing.otlp`; `/v1/traces` is appended (OTLP/HTTP). */
  readonly otlp: string
  readonly version: string
  /** Called for each batch of spans that could not be delivered: those spans are lost. */
  readonly exportFailed: (error: Error | undefined) => void
}

/** What belongs to one lookup while it runs. */
interface LookupTrace {
  readonly query: Query
  readonly startMs: number
  /** Made when the first request needs a parent, or the lookup turns out to take time. */
  span: Span | undefined
  /** An answered lookup is no parent any more: a refresh behind it is a trace of its own. */
  answered: boolean
}

/** Wraps what is to be traced. */
export class Tracing {
  readonly #tracer: Tracer
  readonly #api: typeof import('@opentelemetry/api')
  readonly #shutdown: () => Promise<void>
  readonly #current = new AsyncLocalStorage<LookupTrace>()

  constructor(api: typeof import('@opentelemetry/api'), tracer: Tracer, shutdown: () => Promise<void>) {
    this.#api = api
    this.#tracer = tracer
    this.#shutdown = shutdown
  }

  /** The trace of the lookup that runs now, for its log line. */
  traceId(): string | undefined {
    return this.#current.getStore()?.span?.spanContext().traceId
  }

  /** A lookup with a span around every answer that takes time. */
  lookup(inner: Lookup): Lookup {
    return {
      lookup: (query, options) => {
        const trace: LookupTrace = { query, startMs: Date.now(), span: undefined, answered: false }
        return this.#current.run(trace, () => {
          const result = inner.lookup(query, options)
          if (!(result instanceof Promise)) {
            trace.answered = true
            trace.span?.end()
            return result
          }
          const span = this.#spanOf(trace)
          return result.then((settled) => {
            trace.answered = true
            return endLookup(span, settled)
          })
        })
      },
    }
  }

  /** An endpoint with a span around every request, whose context goes to the service. */
  endpoint(upstream: string, inner: Endpoint): Endpoint {
    return {
      name: inner.name,
      unsent: (key) => inner.unsent?.(key),
      send: (key, options) =>
        this.#request(upstream, inner.name, async (span, traceparent) => {
          const reply = await inner.send(key, { ...options, traceparent })
          describeReply(span, reply)
          return { ...reply, traceparent }
        }),
    }
  }

  /** As {@link endpoint}, with one span for a request of many keys: a child of the lookup that asked first. */
  batchEndpoint(upstream: string, inner: BatchEndpoint): BatchEndpoint {
    return {
      ...this.endpoint(upstream, inner),
      maxKeys: inner.maxKeys,
      sendMany: (keys, options) =>
        this.#request(upstream, inner.name, async (span, traceparent) => {
          const reply = await inner.sendMany(keys, { ...options, traceparent })
          span.setAttribute('mapgate.keys', keys.length)
          describeReply(span, reply.overall)
          return tracedReplies(reply, traceparent)
        }),
    }
  }

  /** Sends what waits, as far as the collector takes it. */
  stop(): Promise<void> {
    return this.#shutdown()
  }

  async #request<T>(
    upstream: string,
    endpoint: string,
    send: (span: Span, traceparent: string) => Promise<T>,
  ): Promise<T> {
    const span = this.#startRequest(upstream, endpoint)
    const { traceId, spanId } = span.spanContext()
    try {
      return await send(span, formatTraceparent(traceId, spanId, true))
    } finally {
      span.end()
    }
  }

  #startRequest(upstream: string, endpoint: string): Span {
    const { SpanKind, trace, ROOT_CONTEXT } = this.#api
    const lookup = this.#current.getStore()
    const parent = lookup === undefined || lookup.answered ? undefined : this.#spanOf(lookup)
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent)
    const attributes = { 'mapgate.upstream': upstream, 'mapgate.endpoint': endpoint }
    return this.#tracer.startSpan('request', { kind: SpanKind.CLIENT, attributes }, context)
  }

  #spanOf(lookup: LookupTrace): Span {
    if (lookup.span === undefined) {
      const { SpanKind, ROOT_CONTEXT } = this.#api
      const attributes = { 'mapgate.protocol': lookup.query.protocol, 'mapgate.table': lookup.query.table }
      const options = { kind: SpanKind.SERVER, startTime: lookup.startMs, attributes }
      lookup.span = this.#tracer.startSpan('lookup', options, ROOT_CONTEXT)
    }
    return lookup.span
  }
}

function endLookup(span: Span, result: LookupResult): LookupResult {
  span.setAttribute('mapgate.result', result.kind)
  if (result.kind === 'temporary' || result.kind === 'permanent')
    span.setAttribute('mapgate.cause', result.cause)
  span.end()
  return result
}

function describeReply(span: Span, { result, status }: Reply): void {
  span.setAttribute('mapgate.result', result.kind)
  // Source: OpenTelemetry semantic conventions, HTTP spans.
  if (status !== undefined) span.setAttribute('http.response.status_code', status)
}
