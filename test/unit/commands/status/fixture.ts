/**
 * A gateway in trouble, as the admin API shows it.
 */

import type { HistoryPoint, HistorySlice } from '../../../../src/core/observed/history-point.ts'
import type { GatewayStatus } from '../../../../src/core/status.ts'
import type { Problem } from '../../../../src/observability/problems.ts'

export const NOW_MS = Date.UTC(2026, 0, 1, 12)

export const STATUS: GatewayStatus = {
  state: 'ready',
  degraded: ['the circuit of directory 1:dir2.example is open'],
  tables: [
    {
      name: 'aliases',
      upstreams: ['overrides', 'directory'],
      search: 'address',
      cache: { foundEntries: 1200, negativeEntries: 34, bytes: 1_572_864 },
      canaries: [
        { upstream: 'directory', endpoint: '0:dir1.example', state: 'up' },
        { upstream: 'directory', endpoint: '1:dir2.example', state: 'missing' },
      ],
      readiness: 0.97,
    },
    { name: 'counters', upstreams: ['directory'], search: 'exact', canaries: [] },
  ],
  upstreams: [
    {
      name: 'directory',
      kind: 'http',
      inFlight: 3,
      queued: 7,
      endpoints: [
        { name: '0:dir1.example', circuit: 'closed' },
        { name: '1:dir2.example', circuit: 'open', pausedForMs: 4000 },
      ],
    },
    { name: 'overrides', kind: 'static', inFlight: 0, queued: 0, endpoints: [] },
  ],
  protocols: ['socketmap', 'tcp_table'],
  listeners: [
    { name: 'inet:127.0.0.1:0', protocol: 'socketmap', bound: 'inet:127.0.0.1:8464', connections: 12 },
  ],
}

const NOTHING: HistorySlice = { results: { found: 0, notfound: 0, temporary: 0, permanent: 0 }, sources: {} }

const BUSY: HistorySlice = {
  results: { found: 160, notfound: 30, temporary: 8, permanent: 2 },
  sources: { cache: 150, stale: 10, upstream: 40, static: 5 },
  p50Ms: 0.1,
  p95Ms: 4,
  p99Ms: 20,
}

/** One point of two seconds; `busy` has 200 lookups in it. */
export function point(atMs: number, busy: boolean): HistoryPoint {
  const slice = busy ? BUSY : NOTHING
  return {
    atMs,
    stepMs: 2000,
    all: slice,
    protocols: {},
    tables: busy ? { aliases: slice } : {},
    endpoints: [],
    causes: {},
    inFlight: 0,
    queued: 0,
    connections: 0,
  }
}

export const POINTS: readonly HistoryPoint[] = [
  point(NOW_MS - 35_000, true),
  point(NOW_MS - 4000, true),
  point(NOW_MS - 2000, true),
]

export const PROBLEMS: readonly Problem[] = [
  {
    kind: 'circuit',
    where: 'directory 1:dir2.example',
    text: 'is open',
    firstAtMs: NOW_MS - 60_000,
    lastAtMs: NOW_MS - 30_000,
    count: 3,
  },
  { kind: 'reload', where: '', text: 'was\u001b[2J refused', firstAtMs: 0, lastAtMs: NOW_MS, count: 1 },
]
