/**
 * Everything that looks at one gateway, opened in order: redaction before the log, the log before
 * what writes to it, tracing before what it wraps.
 */
import type { Config } from '../config/config.ts'
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import type { GatewayStatus } from '../core/status.ts'
import { type Logging, openLogging } from '../observability/logging.ts'
import { Observability } from '../observability/observability.ts'
import { Redactor } from '../observability/redaction.ts'
import { startTracing } from '../observability/start-tracing.ts'
import { withBatchTraceparent, withTraceparent } from '../observability/trace-context.ts'
import type { Tracing } from '../observability/tracing.ts'
import type { UpstreamKinds } from '../upstreams/registry.ts'
import type { Traced } from './parts.ts'

interface TelemetryOptions {
  readonly clock: Clock
  readonly version: string
  /** The protocols whose lookups are counted. */
  readonly protocols: readonly string[]
  /** Descriptor that the log goes to; default standard output. */
  readonly logFd: number | undefined
  readonly upstreamKinds: UpstreamKinds
  readonly status: () => GatewayStatus
}

export class Telemetry {
  readonly observability: Observability
  readonly traced: Traced
  readonly #tracing: Tracing | undefined
  #secrets: ReadonlySet<string>

  private constructor(
    observability: Observability,
    secrets: ReadonlySet<string>,
    tracing: Tracing | undefined,
  ) {
    this.observability = observability
    this.#secrets = secrets
    this.#tracing = tracing
    this.traced = tracing ?? BARE_TRACEPARENT
  }

  /** @throws (rejects) when tracing is configured and its packages are not installed. */
  static async open(config: Config, options: TelemetryOptions): Promise<Telemetry> {
    const { clock, version, protocols, upstreamKinds, status, logFd } = options
    const redactor = new Redactor(config.secrets)
    let observability: Observability | undefined
    const onDropped = (why: string) => observability?.eventLog.logLinesDropped(why)
    const logging = openLogging({ ...logSettings(config), redactor, fd: logFd, onDropped })
    const exportFailed = (error: Error | undefined) => observability?.eventLog.tracesLost(error)
    const tracing = await openTracing(config, version, exportFailed, logging)
    const traceId = () => tracing?.traceId()
    observability = new Observability({
      clock,
      logging,
      redactor,
      status,
      version,
      protocols,
      upstreamKinds: upstreamKinds.values(),
      traceId,
    })
    return new Telemetry(observability, config.secrets, tracing)
  }

  /** Hides what a new configuration keeps secret, before anything of it runs. The old secrets stay hidden too. */
  expect(config: Config): void {
    this.observability.redactor.setSecrets([...this.#secrets, ...config.secrets])
  }

  /** Takes over the log's settings of a configuration that runs now. */
  follow(config: Config): void {
    this.#secrets = config.secrets
    this.observability.logging.reconfigure(logSettings(config))
  }

  /** Sends and writes what waits, as far as somebody takes it. */
  async close(): Promise<void> {
    await this.#tracing?.stop()
    await this.observability.logging.close()
  }
}

async function openTracing(
  { tracing }: Config,
  version: string,
  exportFailed: (error: Error | undefined) => void,
  logging: Logging,
): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined
  try {
    return await startTracing({ otlp: tracing.otlp, version, exportFailed })
  } catch (error) {
    await logging.close()
    throw error
  }
}

function logSettings({ log: { level, keys, hashKey } }: Config) {
  return { level, keys, hashKey: hashKey ?? '' }
}

/** Without tracing the service gets a `traceparent` all the same, so that its log can be tied to ours. */
const BARE_TRACEPARENT: Traced = {
  lookup: (inner: Lookup) => inner,
  endpoint: (_upstream, inner) => withTraceparent(inner),
  batchEndpoint: (_upstream, inner) => withBatchTraceparent(inner),
}
