/**
 * What an issuer of tokens shows in the metrics.
 */
import { type Metric, writeTimestamp } from '../../core/observed/metric.ts'
import type { FetchStatus, UpstreamStatus } from '../../core/status.ts'

/** The state of an issuer of tokens. */
export interface JwksStatus extends UpstreamStatus {
  readonly keys: FetchStatus & {
    /** How many are in use. */
    readonly keys: number
    /** What came of tokens since the start, by outcome. */
    readonly tokens: Readonly<Record<string, number>>
  }
}

export const JWKS_METRICS: readonly Metric<JwksStatus>[] = [
  {
    name: 'upstream_keys',
    kind: 'gauge',
    help: 'Public keys by which the tokens of an issuer are checked now, by upstream.',
    labels: ['upstream'],
    samples: ({ name, keys }, write) => write({ upstream: name }, keys.keys),
  },
  {
    name: 'upstream_keys_fetched_timestamp_seconds',
    kind: 'gauge',
    help: 'When those keys were fetched, as Unix time, by upstream.',
    labels: ['upstream'],
    samples: ({ name: upstream, keys }, write) => writeTimestamp(write, { upstream }, keys.fetchedAtMs),
  },
  {
    name: 'upstream_keys_failing',
    kind: 'gauge',
    help: '1 while the issuer gives no keys, even if older ones are still used, else 0, by upstream.',
    labels: ['upstream'],
    samples: ({ name: upstream, keys }, write) => write({ upstream }, keys.state === 'failing' ? 1 : 0),
  },
  {
    name: 'login_tokens_total',
    kind: 'counter',
    help: 'Tokens of logins that were checked by the keys of an issuer, by upstream and outcome.',
    labels: ['upstream', 'outcome'],
    samples({ name: upstream, keys }, write) {
      for (const [outcome, count] of Object.entries(keys.tokens)) write({ upstream, outcome }, count)
    },
  },
]
