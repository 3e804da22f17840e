/**
 * The rows about the store that gateways share; none where a gateway shares nothing.
 */
import { REQUEST_SECONDS_BUCKETS } from './latency.ts'
import { configured, type Row } from './metric-rows.ts'

export const SHARED_ROWS: readonly Row[] = [
  {
    name: 'shared_store_up',
    kind: 'gauge',
    help: '1 while the store that gateways share is asked, else 0; absent where there is none.',
    labels: [],
    samples({ status: { shared } }, write) {
      if (shared !== undefined) write({}, shared.state === 'up' ? 1 : 0)
    },
  },
  {
    name: 'shared_store_requests_total',
    kind: 'counter',
    help: 'Search keys for which the shared store was asked and answered in time, by table and what it had.',
    labels: ['table', 'outcome'],
    samples({ status: { shared }, counters }, write) {
      if (shared === undefined) return
      for (const { name: table, tier } of configured(counters))
        for (const [outcome, count] of Object.entries(tier)) write({ table, outcome }, count)
    },
  },
  {
    name: 'shared_store_request_duration_seconds',
    kind: 'histogram',
    help: 'Time of one question to the shared store until its reply, where that came in time.',
    labels: [],
    buckets: REQUEST_SECONDS_BUCKETS,
    series: ({ shared }, add) => add({}, shared.durations),
  },
  {
    name: 'shared_store_failures_total',
    kind: 'counter',
    help: 'Questions that the shared store did not answer, by why; the service was asked.',
    labels: ['why'],
    samples({ status: { shared }, counters }, write) {
      if (shared === undefined) return
      for (const [why, count] of Object.entries(counters.shared.failures)) write({ why }, count)
    },
  },
  {
    name: 'shared_store_writes_total',
    kind: 'counter',
    help: 'Answers for the shared store, by what became of them.',
    labels: ['result'],
    samples({ status: { shared }, counters }, write) {
      if (shared === undefined) return
      for (const [result, count] of Object.entries(counters.shared.writes)) write({ result }, count)
    },
  },
  {
    name: 'shared_store_bytes_total',
    kind: 'counter',
    help: 'Bytes of the answers that were read from and written to the shared store, without names, by direction.',
    labels: ['direction'],
    samples({ status: { shared }, counters }, write) {
      if (shared === undefined) return
      for (const [direction, count] of Object.entries(counters.shared.bytes)) write({ direction }, count)
    },
  },
  {
    name: 'shared_store_purges_total',
    kind: 'counter',
    help: 'Purges of other gateways and of services that were applied here.',
    labels: [],
    samples({ status: { shared }, counters }, write) {
      if (shared !== undefined) write({}, counters.shared.purges)
    },
  },
  {
    name: 'shared_store_foreign_entries_total',
    kind: 'counter',
    help: 'Entries of a list that were pushed to gateways with another configuration or other credentials, and were therefore left out here.',
    labels: [],
    samples({ status: { shared }, counters }, write) {
      if (shared !== undefined) write({}, counters.shared.foreignEntries)
    },
  },
]
