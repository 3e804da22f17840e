/**
 * What a table asks of one service, behind its store: by key, or by the attributes that `cacheBy` names.
 */
import type { CacheConfig, TableConfig } from '../config/config.ts'
import { CachedUpstream, type CacheOptions } from '../core/cache/cached-upstream.ts'
import type { LossGuard } from '../core/cache/loss-guard.ts'
import { QuestionSource } from '../core/source/question-source.ts'
import type { TableSource } from '../core/source/table-source.ts'
import type { Upstream } from '../core/upstream.ts'
import { negativeKeptMs } from './outage-policy.ts'
import type { GatewayParts } from './parts.ts'
import { type RunningShadow, shadowOf } from './shadow.ts'

/** What a source shares with the others of its table. */
type Kept = Pick<CacheOptions, 'store' | 'tier' | 'upstreamIndex' | 'hasOutageRules'>

/** What is asked by attributes is stored by those that the table names, and by nothing else. */
export function serviceSource(
  config: TableConfig,
  upstream: Upstream,
  kept: Kept | undefined,
  lossGuard: LossGuard,
  shadow: RunningShadow | undefined,
  parts: GatewayParts,
): TableSource {
  const { attributes, sideEffects } = config
  if (attributes === undefined)
    return cachedSource(config, upstream, sideEffects, kept, lossGuard, shadow, parts)
  const asking = cachedSource(config, upstream, true, undefined, lossGuard, shadow, parts)
  if (attributes.cacheBy === undefined) return new QuestionSource(asking, asking)
  return new QuestionSource(cachedSource(config, upstream, false, kept, lossGuard, shadow, parts), asking)
}

function cachedSource(
  config: TableConfig,
  upstream: Upstream,
  sideEffects: boolean,
  kept: Kept | undefined,
  lossGuard: LossGuard,
  shadow: RunningShadow | undefined,
  { clock, random, observability }: GatewayParts,
): CachedUpstream {
  const { name, deadlineMs, attributes } = config
  const cache = cacheOf(config)
  return new CachedUpstream({
    table: name,
    upstream,
    clock,
    random,
    deadlineMs,
    sideEffects,
    cache: kept &&
      cache && {
        ...kept,
        policy: { ...cache, negativeKeptMs: negativeKeptMs(config) },
        hasCanary: config.canary !== undefined,
        // An answer to a question may change without any loss of data.
        lossGuard: attributes === undefined ? lossGuard : undefined,
      },
    shadow: shadowOf(config, shadow),
    observer: observability.observer.table(name),
    onDefect: (error, where) => observability.observer.defect(error, where),
  })
}

/**
 * How long answers are kept. One to a question is never served stale, since it may let somebody in; and where a secret
 * decides, only the service's "yes" is kept.
 */
function cacheOf({ cache, attributes }: TableConfig): CacheConfig | undefined {
  if (cache === undefined || attributes === undefined) return cache
  const negativeTtlMs = attributes.secret.length > 0 ? 0 : cache.negativeTtlMs
  return { ...cache, negativeTtlMs, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }
}
