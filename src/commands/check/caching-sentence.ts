/**
 * What the caching fields of a reply do under a table's settings, in one sentence.
 */
import type { CacheConfig } from '../../config/config.ts'
import { foundLifetime } from '../../core/cache/lifetimes.ts'
import type { Reply } from '../../core/upstream.ts'
import { duration } from '../../presentation/format.ts'

/** @param wallMs Now, for Expires and Date. */
export function cachingSentence(cache: CacheConfig | undefined, reply: Reply, wallMs: number): string {
  if (cache === undefined) return 'nothing is stored (cache: off)'
  const said = saidBy(reply)
  const validators = reply.validators === undefined ? '' : '; its validator saves bodies on refresh'
  if (!cache.honorCacheControl) {
    const notFollowed =
      said === '' ? 'it says nothing about caching' : `${said} is not followed (honorCacheControl: false)`
    return `${notFollowed}; used for ${duration(cache.ttlMs)}${outageSentence(cache.staleIfErrorMs)}${validators}`
  }
  // Without jitter: the longest that the answer may be used.
  const lifetime = foundLifetime(cache, reply.caching, { wallMs, random: 0 })
  const because = said === '' ? 'it says nothing about caching' : said
  if (lifetime === undefined) return `${because}: never stored, so it cannot help in an outage`
  const { freshness, initialAgeMs } = lifetime
  const leftMs = Math.max(0, freshness.freshnessLifetimeMs - initialAgeMs)
  return `${because}: used for ${duration(leftMs)}${outageSentence(freshness.staleIfErrorMs)}${validators}`
}

function outageSentence(staleIfErrorMs: number): string {
  return staleIfErrorMs === 0
    ? ', not used in an outage'
    : `, and up to ${duration(staleIfErrorMs)} longer in an outage`
}

function saidBy({ caching }: Reply): string {
  if (caching === undefined) return ''
  const { cacheControl, expires, vary } = caching
  return [
    ...(cacheControl === undefined ? [] : [`Cache-Control: ${printable(cacheControl)}`]),
    ...(expires === undefined ? [] : [`Expires: ${printable(expires)}`]),
    ...(vary === undefined ? [] : [`Vary: ${printable(vary)}`]),
  ].join(', ')
}

/** Longest field that is shown, in characters. Ours: one line of a terminal. */
const MAX_SHOWN = 80

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SHOWN)
}
