/**
 * The rows about what only some tables have: a store that clients write, and a shadow whose answers are compared.
 *
 * What a store holds is shown by its kind.
 */
import { SHADOW_RESULTS } from '../core/shadow/shadow-record.ts'
import { REQUEST_SECONDS_BUCKETS } from './latency.ts'
import type { Row } from './metric-rows.ts'

export const STORE_ROWS: readonly Row[] = [
  {
    name: 'store_requests_total',
    kind: 'counter',
    help: 'Changes and scans that clients asked for, by table, operation and result.',
    labels: ['table', 'operation', 'result'],
    samples({ counters }, write) {
      for (const { name: table, store } of counters.tables.values())
        for (const [operation, { results }] of store)
          for (const [result, count] of results) write({ table, operation, result }, count)
    },
  },
  {
    name: 'store_request_duration_seconds',
    kind: 'histogram',
    help: 'Time until a change was on disk or a scan had its entry, by table and operation.',
    labels: ['table', 'operation'],
    buckets: REQUEST_SECONDS_BUCKETS,
    series(counters, add) {
      for (const { name: table, store } of counters.tables.values())
        for (const [operation, { durations }] of store) add({ table, operation }, durations)
    },
  },
]

export const SHADOW_ROWS: readonly Row[] = [
  {
    name: 'shadow_comparisons_total',
    kind: 'counter',
    help: 'Misses selected for comparison with the shadow, by table, upstream and outcome.',
    labels: ['table', 'upstream', 'result'],
    samples({ status }, write) {
      for (const { name: table, shadow } of status.tables) {
        if (shadow === undefined) continue
        for (const result of SHADOW_RESULTS)
          write({ table, upstream: shadow.upstream, result }, shadow[result])
      }
    },
  },
]
