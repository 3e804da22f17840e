/**
 * Where the rows of the metrics take their samples from, and the rows about lookups and answer stores.
 */
import type { Metric } from '../core/observed/metric.ts'
import { writeTimestamp } from '../core/observed/metric.ts'
import type { GatewayStatus } from '../core/status.ts'
import type { AddSeries } from './collected-histogram.ts'
import { type Counters, RESULT_KINDS, type TableCounters } from './counters.ts'
import { LOOKUP_SECONDS_BUCKETS } from './latency.ts'

export interface MetricSource {
  readonly counters: Counters
  /** One look for the whole scrape. */
  readonly status: GatewayStatus
  readonly logLinesDropped: number
  readonly version: string
}

interface HistogramMetric {
  readonly name: string
  readonly kind: 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of every series, in seconds. */
  readonly buckets: readonly number[]
  series(counters: Counters, add: AddSeries): void
}

export type Row = Metric<MetricSource> | HistogramMetric

export const LOOKUP_ROWS: readonly Row[] = [
  {
    name: 'lookups_total',
    kind: 'counter',
    help: 'Lookups answered, by protocol, table and result kind.',
    labels: ['protocol', 'table', 'result'],
    samples({ counters }, write) {
      // A configured table shows zeroes, so that a rate exists from the first lookup on.
      for (const table of counters.tables.values())
        for (const [protocol, { results }] of Object.entries(table.lookups))
          for (const result of RESULT_KINDS) write({ protocol, table: table.name, result }, results[result])
    },
  },
  {
    name: 'lookup_failures_total',
    kind: 'counter',
    help: 'Lookups answered as temporary or permanent failure, by table and cause.',
    labels: ['table', 'cause'],
    samples({ counters }, write) {
      for (const { name: table, causes } of counters.tables.values())
        for (const [cause, count] of causes) write({ table, cause }, count)
    },
  },
  {
    name: 'replies_total',
    kind: 'counter',
    help: 'Replies by what they do at the client, for protocols whose replies say more than found and not found.',
    labels: ['protocol', 'table', 'reply'],
    samples({ counters }, write) {
      for (const table of counters.tables.values())
        for (const [protocol, { replies }] of Object.entries(table.lookups))
          for (const [reply, count] of replies) write({ protocol, table: table.name, reply }, count)
    },
  },
  {
    name: 'lookup_duration_seconds',
    kind: 'histogram',
    help: 'Time from a complete request to its answer, by table and by where the answer came from.',
    labels: ['table', 'source'],
    buckets: LOOKUP_SECONDS_BUCKETS,
    series(counters, add) {
      for (const { name: table, lookups } of counters.tables.values())
        for (const { durations } of Object.values(lookups))
          for (const [source, series] of durations) add({ table, source }, series)
    },
  },
]

export const CACHE_ROWS: readonly Row[] = [
  {
    name: 'cache_requests_total',
    kind: 'counter',
    help: 'Search keys for which the answer store was asked, by table and what it had.',
    labels: ['table', 'outcome'],
    samples({ counters }, write) {
      for (const { name: table, cache } of configured(counters))
        for (const [outcome, count] of Object.entries(cache)) write({ table, outcome }, count)
    },
  },
  {
    name: 'cache_entries',
    kind: 'gauge',
    help: 'Answers stored now, by table and kind.',
    labels: ['table', 'kind'],
    samples({ status }, write) {
      for (const { name: table, cache } of status.tables) {
        if (cache === undefined) continue
        write({ table, kind: 'found' }, cache.foundEntries)
        write({ table, kind: 'notfound' }, cache.negativeEntries)
      }
    },
  },
  {
    name: 'cache_bytes',
    kind: 'gauge',
    help: 'Memory that the stored keys and values take now, estimated, by table.',
    labels: ['table'],
    samples({ status }, write) {
      for (const { name: table, cache } of status.tables)
        if (cache !== undefined) write({ table }, cache.bytes)
    },
  },
  {
    name: 'cache_evictions_total',
    kind: 'counter',
    help: 'Answers pushed out of the store by its bounds, by table.',
    labels: ['table'],
    samples({ counters }, write) {
      for (const { name: table, evictions } of configured(counters)) write({ table }, evictions)
    },
  },
  {
    name: 'outage_answers_total',
    kind: 'counter',
    help: 'Lookups answered by a rule for outages because the service failed, by table and rule.',
    labels: ['table', 'rule'],
    samples({ counters }, write) {
      for (const { name: table, outageAnswers } of counters.tables.values())
        for (const [rule, count] of outageAnswers) write({ table, rule }, count)
    },
  },
  {
    name: 'outage_readiness_ratio',
    kind: 'gauge',
    help: "Share of the last ten minutes' lookups that would be answered if the services died now, estimated from a sample, by table; absent without lookups.",
    labels: ['table'],
    samples({ status }, write) {
      for (const { name: table, readiness } of status.tables)
        if (readiness !== undefined) write({ table }, readiness)
    },
  },
  {
    name: 'loss_guard_active',
    kind: 'gauge',
    help: '1 while "not found" is not believed of keys that were found before, because the service lost many, else 0, by table.',
    labels: ['table'],
    samples({ status }, write) {
      for (const { name: table, holdsLoss } of status.tables) write({ table }, holdsLoss === true ? 1 : 0)
    },
  },
  {
    name: 'cache_file_last_save_timestamp_seconds',
    kind: 'gauge',
    help: 'When the cache file was last written, as Unix time.',
    labels: [],
    samples: ({ counters }, write) => writeTimestamp(write, {}, counters.cacheFileSavedMs),
  },
]

/** Without what stands for the tables that are not configured: lookups of those are refused before any store is asked. */
export function configured({ tables }: Counters): readonly TableCounters[] {
  return Array.from(tables.values()).filter(({ name }) => name !== '')
}
