/**
 * The rows of the metrics about upstreams, listeners and the program.
 */
import { writeTimestamp } from '../core/observed/metric.ts'
import { REQUEST_SECONDS_BUCKETS } from './latency.ts'
import type { Row } from './metric-rows.ts'

/** What the observer of an upstream counts. What an upstream is doing now is shown by its kind. */
export const UPSTREAM_ROWS: readonly Row[] = [
  {
    name: 'upstream_requests_total',
    kind: 'counter',
    help: 'HTTP requests that ended, by upstream, endpoint and how they ended.',
    labels: ['upstream', 'endpoint', 'outcome'],
    samples({ counters }, write) {
      for (const { name: upstream, endpoints } of counters.upstreams.values())
        for (const [endpoint, { outcomes }] of endpoints)
          for (const [outcome, count] of outcomes) write({ upstream, endpoint, outcome }, count)
    },
  },
  {
    name: 'upstream_request_duration_seconds',
    kind: 'histogram',
    help: 'Time of one HTTP request until its whole reply arrived or it failed, by upstream and endpoint.',
    labels: ['upstream', 'endpoint'],
    buckets: REQUEST_SECONDS_BUCKETS,
    series(counters, add) {
      for (const { name: upstream, endpoints } of counters.upstreams.values())
        for (const [endpoint, { durations }] of endpoints) add({ upstream, endpoint }, durations)
    },
  },
  {
    name: 'upstream_shed_total',
    kind: 'counter',
    help: 'Questions rejected at once because no slot was free or the program was overloaded, by upstream.',
    labels: ['upstream'],
    samples({ counters }, write) {
      for (const { name: upstream, shed } of counters.upstreams.values()) write({ upstream }, shed)
    },
  },
  {
    name: 'upstream_retries_total',
    kind: 'counter',
    help: 'Second and later attempts for one question, on any endpoint, by upstream.',
    labels: ['upstream'],
    samples({ counters }, write) {
      for (const { name: upstream, retries } of counters.upstreams.values()) write({ upstream }, retries)
    },
  },
  {
    name: 'upstream_hedges_total',
    kind: 'counter',
    help: 'Second requests sent because the first was slow, by upstream.',
    labels: ['upstream'],
    samples({ counters }, write) {
      for (const { name: upstream, hedges } of counters.upstreams.values()) write({ upstream }, hedges)
    },
  },
  {
    name: 'drills_total',
    kind: 'counter',
    help: 'Drills begun, each of which treats an upstream as dead for a while, by upstream.',
    labels: ['upstream'],
    samples({ counters }, write) {
      for (const { name: upstream, drills } of counters.upstreams.values()) write({ upstream }, drills)
    },
  },
  {
    name: 'endpoint_checks_total',
    kind: 'counter',
    help: 'Questions whose answer is known, asked of an endpoint after failures or while its circuit is open, by verdict.',
    labels: ['upstream', 'endpoint', 'verdict'],
    samples({ counters }, write) {
      for (const { name: upstream, endpoints } of counters.upstreams.values())
        for (const [endpoint, { checks }] of endpoints)
          for (const [verdict, count] of Object.entries(checks)) write({ upstream, endpoint, verdict }, count)
    },
  },
  {
    name: 'canary_up',
    kind: 'gauge',
    help: "1 while an endpoint's last answer to the canary of a table was found, else 0, by table, upstream and endpoint.",
    labels: ['table', 'upstream', 'endpoint'],
    samples({ status }, write) {
      for (const { name: table, canaries } of status.tables)
        for (const { upstream, endpoint, state } of canaries)
          write({ table, upstream, endpoint }, state === 'up' ? 1 : 0)
    },
  },
]

export const LISTENER_ROWS: readonly Row[] = [
  {
    name: 'connections',
    kind: 'gauge',
    help: 'Client connections open now, by listener.',
    labels: ['listener'],
    samples({ status }, write) {
      for (const { name: listener, connections } of status.listeners) write({ listener }, connections)
    },
  },
  {
    name: 'connections_total',
    kind: 'counter',
    help: 'Client connections accepted, by listener.',
    labels: ['listener'],
    samples({ counters }, write) {
      for (const { name: listener, connections } of counters.listeners.values())
        write({ listener }, connections)
    },
  },
  {
    name: 'connections_refused_total',
    kind: 'counter',
    help: 'Client connections closed at once, by listener and reason.',
    labels: ['listener', 'reason'],
    samples({ counters }, write) {
      for (const { name: listener, refused } of counters.listeners.values())
        for (const [reason, count] of refused) write({ listener, reason }, count)
    },
  },
  {
    name: 'connections_shed_total',
    kind: 'counter',
    help: 'Idle or stalled client connections closed to make room for new ones, by listener.',
    labels: ['listener'],
    samples({ counters }, write) {
      for (const { name: listener, shed } of counters.listeners.values()) write({ listener }, shed)
    },
  },
  {
    name: 'protocol_errors_total',
    kind: 'counter',
    help: 'Requests that break the protocol, by listener and kind.',
    labels: ['listener', 'kind'],
    samples({ counters }, write) {
      for (const { name: listener, protocolErrors } of counters.listeners.values())
        for (const [kind, count] of protocolErrors) write({ listener, kind }, count)
    },
  },
  {
    name: 'pass_failures_total',
    kind: 'counter',
    help: 'Requests for the tables of another server (`pass`) that it did not answer, by listener and cause.',
    labels: ['listener', 'cause'],
    samples({ counters }, write) {
      for (const { name: listener, passFailures } of counters.listeners.values())
        for (const [cause, count] of passFailures) write({ listener, cause }, count)
    },
  },
]

export const PROGRAM_ROWS: readonly Row[] = [
  {
    name: 'defects_total',
    kind: 'counter',
    help: 'Unexpected exceptions, each answered as temporary: a bug; see the log.',
    labels: [],
    samples: ({ counters }, write) => write({}, counters.defects),
  },
  {
    name: 'log_lines_dropped_total',
    kind: 'counter',
    help: 'Log lines thrown away because standard output was not read fast enough or could not be written.',
    labels: [],
    samples: ({ logLinesDropped }, write) => write({}, logLinesDropped),
  },
  {
    name: 'ready',
    kind: 'gauge',
    help: '1 while lookups are served, 0 while starting and draining.',
    labels: [],
    samples: ({ status }, write) => write({}, status.state === 'ready' ? 1 : 0),
  },
  {
    name: 'config_reloads_total',
    kind: 'counter',
    help: 'Reloads of the configuration, by result: ok, or failed with the old one kept.',
    labels: ['result'],
    samples({ counters }, write) {
      write({ result: 'ok' }, counters.reloads.ok)
      write({ result: 'failed' }, counters.reloads.failed)
    },
  },
  {
    name: 'config_last_reload_timestamp_seconds',
    kind: 'gauge',
    help: 'When the configuration in use was loaded, as Unix time.',
    labels: [],
    samples: ({ counters }, write) => writeTimestamp(write, {}, counters.lastReloadMs),
  },
  {
    name: 'build_info',
    kind: 'gauge',
    help: 'Always 1; the labels tell the version of mapgate and of Node.js.',
    labels: ['version', 'node_version'],
    samples: ({ version }, write) => write({ version, node_version: process.version }, 1),
  },
]
