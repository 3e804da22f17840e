/**
 * What an HTTP service shows in the metrics of its state now. What happens to requests is counted by the
 * observer of the core.
 */
import { type Metric, writeTimestamp } from '../../core/observed/metric.ts'
import type { CircuitState } from '../../core/observed/observer.ts'
import type { UpstreamStatus } from '../../core/status.ts'
import type { TokenStatus } from '../http-client/oauth/access-tokens.ts'

/** Value of `circuit_state`: the higher, the worse. */
const CIRCUIT_VALUES: Record<CircuitState, number> = { closed: 0, 'half-open': 1, open: 2 }

/** The state of an HTTP service. */
export interface HttpStatus extends UpstreamStatus {
  /** Of its access token; absent where it is asked without. */
  readonly token?: TokenStatus
}

export const HTTP_METRICS: readonly Metric<HttpStatus>[] = [
  {
    name: 'upstream_in_flight',
    kind: 'gauge',
    help: 'HTTP requests under way now, by upstream.',
    labels: ['upstream'],
    samples: ({ name, inFlight }, write) => write({ upstream: name }, inFlight),
  },
  {
    name: 'upstream_queued',
    kind: 'gauge',
    help: 'Questions that wait for a slot now, by upstream.',
    labels: ['upstream'],
    samples: ({ name, queued }, write) => write({ upstream: name }, queued),
  },
  {
    name: 'upstream_certificate_expiry_timestamp_seconds',
    kind: 'gauge',
    help: 'When the certificate that an https endpoint showed last expires, as Unix time.',
    labels: ['upstream', 'endpoint'],
    samples({ name: upstream, endpoints }, write) {
      for (const { name: endpoint, certificateExpiresAtMs } of endpoints)
        writeTimestamp(write, { upstream, endpoint }, certificateExpiresAtMs)
    },
  },
  {
    name: 'upstream_token_requests_total',
    kind: 'counter',
    help: 'Requests for an access token that ended, by upstream and how they ended.',
    labels: ['upstream', 'outcome'],
    samples({ name: upstream, token }, write) {
      for (const [outcome, count] of Object.entries(token?.requests ?? {}))
        write({ upstream, outcome }, count)
    },
  },
  {
    name: 'upstream_token_expiry_timestamp_seconds',
    kind: 'gauge',
    help: 'When the access token in use ends, as Unix time, by upstream.',
    labels: ['upstream'],
    samples: ({ name: upstream, token }, write) => writeTimestamp(write, { upstream }, token?.expiresAtMs),
  },
  {
    name: 'upstream_token_failing',
    kind: 'gauge',
    help: '1 while the token endpoint gives no access token, even if an older one is still used, else 0, by upstream.',
    labels: ['upstream'],
    samples({ name: upstream, token }, write) {
      if (token !== undefined) write({ upstream }, token.state === 'failing' ? 1 : 0)
    },
  },
  {
    name: 'drill_active',
    kind: 'gauge',
    help: '1 while a drill treats the upstream as dead, else 0, by upstream.',
    labels: ['upstream'],
    samples: ({ name, drillEndsAtMs }, write) =>
      write({ upstream: name }, drillEndsAtMs === undefined ? 0 : 1),
  },
  {
    name: 'circuit_state',
    kind: 'gauge',
    help: 'Circuit of an endpoint now: 0 closed, 1 half-open, 2 open.',
    labels: ['upstream', 'endpoint'],
    samples({ name: upstream, endpoints }, write) {
      for (const { name: endpoint, circuit } of endpoints)
        write({ upstream, endpoint }, CIRCUIT_VALUES[circuit])
    },
  },
  {
    name: 'endpoint_answers_only_known',
    kind: 'gauge',
    help: '1 while an endpoint has answered only questions whose answer is known, such as its canaries, for a minute and more, and all lookups have failed, else 0.',
    labels: ['upstream', 'endpoint'],
    samples({ name: upstream, endpoints }, write) {
      for (const { name: endpoint, onlyKnownForMs } of endpoints)
        write({ upstream, endpoint }, onlyKnownForMs === undefined ? 0 : 1)
    },
  },
]
