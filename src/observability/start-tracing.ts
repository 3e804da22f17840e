/**
 * Loads OpenTelemetry and starts to send spans. The only place that names its packages: they are
 * optional dependencies, and nothing of them is loaded before this is called.
 */
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'
import { Tracing, type TracingOptions } from './tracing.ts'

/** Spans that wait to be sent; further ones are dropped. Source: OpenTelemetry SDK, default of BatchSpanProcessor. */
const MAX_WAITING_SPANS = 2048

/** Longest wait for the collector, ms. Ours. */
const EXPORT_TIMEOUT_MS = 5000

/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const EXPORTED = 0

/** Where OTLP/HTTP takes traces. Source: OTLP specification, OTLP/HTTP request. */
const TRACES_PATH = 'v1/traces'

/** @throws Error that says what to install when the packages are not there. */
export async function startTracing({ otlp, version, exportFailed }: TracingOptions): Promise<Tracing> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await loadPackages()
  const url = tracesUrl(otlp)
  const exporter = reportFailures(
    new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS }),
    exportFailed,
  )
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'mapgate', 'service.version': version }),
    spanProcessors: [
      new sdk.BatchSpanProcessor(exporter, {
        maxQueueSize: MAX_WAITING_SPANS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  })
  return new Tracing(api, provider.getTracer('mapgate', version), () =>
    provider.shutdown().catch(exportFailed),
  )
}

/** A query of the base URL, such as `?api-key=...`, stays. */
function tracesUrl(otlp: string): string {
  const url = new URL(otlp)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${TRACES_PATH}`
  return url.href
}

function loadPackages() {
  return Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]).catch((error: unknown) => {
    const text =
      'tracing.otlp is configured, but OpenTelemetry is not installed; install mapgate with its optional dependencies'
    throw new Error(text, { cause: error })
  })
}

/** OpenTelemetry itself only tells a global logger. */
function reportFailures(exporter: SpanExporter, exportFailed: TracingOptions['exportFailed']): SpanExporter {
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        if (result.code !== EXPORTED) exportFailed(result.error)
        // Told here, so it is no failure any more: the processor would make `shutdown` reject.
        done({ code: EXPORTED })
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  }
}
