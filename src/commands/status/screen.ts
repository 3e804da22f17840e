/**
 * One look as lines of text, for `mapgate status` and `mapgate status --watch`. Pure.
 */
import type { GatewayStatus, UpstreamStatus } from '../../core/status.ts'
import type { Problem } from '../../observability/problems.ts'
import { bytes, count, counted, duration, NOTHING, percent, rate } from '../../presentation/format.ts'
import { oneLine, printable } from '../../presentation/printable.ts'
import { type Column, columns, cut, wrapped } from '../columns.ts'
import { canaryWord, isTrouble, lookupCurve, type Rates, type Reading, ratesOf } from './reading.ts'

/** Problems shown. Ours: the latest few; the page and the API have all. */
const MAX_PROBLEMS = 5

/** Widest curve, in characters. */
const MAX_CURVE_WIDTH = 60

interface ScreenOptions {
  /** The address that was asked. */
  readonly where: string
  /** Longest line, in characters. */
  readonly width: number
  readonly nowMs: number
}

/** All of it; no line is longer than the width. What is wrong is not cut: the end of such a sentence says what to do. */
export function screenLines(reading: Reading, options: ScreenOptions): string[] {
  const { status, points, problems } = reading
  const lines = [
    ...wrapped(`mapgate at ${options.where}: ${heading(status)}`, options.width),
    ...status.degraded.flatMap((trouble) => wrapped(`! ${oneLine(trouble)}`, options.width)),
    '',
    ...ratesLines(ratesOf(points)),
    ...curveLines(lookupCurve(points), options.width),
    '',
    ...tableLines(reading, options.width),
    '',
    ...upstreamLines(status.upstreams, options.width),
    ...sharedLines(status.shared),
    ...shadowLines(status),
    '',
    ...listenerLines(status, options.width),
    ...problemLines(problems, options),
  ]
  return lines.map((line) => cut(printable(line), options.width))
}

/** Ready means that Postfix gets replies; the words say what the replies are worth. */
function heading({ state, degraded, upstreams }: GatewayStatus): string {
  if (state !== 'ready' || degraded.length === 0) return state
  const drilled = upstreams.filter(({ drillEndsAtMs }) => drillEndsAtMs !== undefined)
  const dead = upstreams.filter(
    (upstream) =>
      !drilled.includes(upstream) &&
      upstream.endpoints.length > 0 &&
      upstream.endpoints.every(({ circuit }) => circuit !== 'closed'),
  )
  const reasons = [
    ...dead.map(({ name }) => `no endpoint of ${name} answers`),
    ...drilled.map(({ name }) => `a drill treats ${name} as dead`),
  ]
  return `ready, but ${reasons.length === 0 ? 'something needs attention' : reasons.join(', ')}`
}

function ratesLines(rates: Rates): string[] {
  const { hitRatio, staleRatio } = rates
  const hits = hitRatio === undefined ? '' : `, hit ratio ${percent(hitRatio)}, stale ${percent(staleRatio)}`
  return [
    `${rate(rates.lookupsPerSecond)} lookups/s${hits}`,
    `found ${rate(rates.foundPerSecond)}/s, not found ${rate(rates.notFoundPerSecond)}/s, temporary ${rate(rates.temporaryPerSecond)}/s, permanent ${rate(rates.permanentPerSecond)}/s`,
    `latency p50 ${duration(rates.p50Ms)}, p95 ${duration(rates.p95Ms)}, p99 ${duration(rates.p99Ms)}`,
  ]
}

const BARS = ' ▁▂▃▄▅▆▇█'

/** The lookups of the last minutes as one line of bars; nothing when there were none. */
function curveLines(curve: readonly number[], width: number): string[] {
  const shown = curve.slice(-Math.min(MAX_CURVE_WIDTH, Math.max(0, width - 20)))
  const top = Math.max(0, ...shown)
  if (top === 0) return []
  const bars = shown.map((value) => BARS[Math.ceil((value / top) * (BARS.length - 1))] ?? ' ').join('')
  return [`${bars}  at most ${rate(top)}/s`]
}

const TABLE_COLUMNS: readonly Column[] = [
  { title: 'TABLE', minWidth: 8 },
  { title: '/s', align: 'right' },
  { title: 'errors/s', align: 'right' },
  { title: 'hits', align: 'right' },
  { title: 'p50', align: 'right' },
  { title: 'p99', align: 'right' },
  { title: 'stored', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'canary' },
  { title: 'ready', align: 'right' },
]

function tableLines({ status, points }: Reading, width: number): string[] {
  const rows = status.tables.map((table) => {
    const rates = ratesOf(points, table.name)
    const { cache } = table
    return [
      table.name,
      rate(rates.lookupsPerSecond),
      rate(rates.temporaryPerSecond + rates.permanentPerSecond),
      percent(rates.hitRatio),
      duration(rates.p50Ms),
      duration(rates.p99Ms),
      cache === undefined ? 'off' : count(cache.foundEntries + cache.negativeEntries),
      cache === undefined ? NOTHING : bytes(cache.bytes),
      canaryWord(table) ?? NOTHING,
      percent(table.readiness),
    ]
  })
  return columns(TABLE_COLUMNS, rows, width)
}

/** Why it is down is above, among the troubles. */
function sharedLines(shared: GatewayStatus['shared']): string[] {
  if (shared === undefined) return []
  const queued = shared.queuedWrites > 0 ? `, ${counted(shared.queuedWrites, 'answer')} to be written` : ''
  return ['', `shared store ${shared.address}: ${shared.state}${shared.state === 'up' ? '' : ' !'}${queued}`]
}

/** What came of comparing a table with another upstream. */
function shadowLines({ tables }: GatewayStatus): string[] {
  const lines = tables.flatMap(({ name, shadow }) => {
    if (shadow === undefined) return []
    const { upstream, same, differs, failed, busy } = shadow
    return [
      `table ${name}, shadow ${upstream}: ${count(same)} the same, ${count(differs)} ${differs === 1 ? 'differs' : 'differ'}${differs > 0 ? ' !' : ''}, ${count(failed)} failed, ${count(busy)} not asked`,
    ]
  })
  return lines.length === 0 ? [] : ['', ...lines]
}

const UPSTREAM_COLUMNS: readonly Column[] = [
  { title: 'UPSTREAM', minWidth: 8 },
  { title: 'endpoint', minWidth: 12 },
  { title: 'circuit' },
  { title: 'in flight', align: 'right' },
  { title: 'queued', align: 'right' },
  { title: 'note', minWidth: 4 },
]

function upstreamLines(upstreams: readonly UpstreamStatus[], width: number): string[] {
  const rows = upstreams.flatMap((upstream) => {
    if (upstream.endpoints.length === 0)
      return [[upstream.name, `(${upstream.kind})`, NOTHING, NOTHING, NOTHING, '']]
    return upstream.endpoints.map((endpoint, index) => [
      index === 0 ? upstream.name : '',
      endpoint.name,
      isTrouble(endpoint.circuit) ? `${endpoint.circuit} !` : endpoint.circuit,
      index === 0 ? String(upstream.inFlight) : '',
      index === 0 ? String(upstream.queued) : '',
      endpoint.pausedForMs === undefined ? '' : `paused for ${duration(endpoint.pausedForMs)}`,
    ])
  })
  return columns(UPSTREAM_COLUMNS, rows, width)
}

const LISTENER_COLUMNS: readonly Column[] = [
  { title: 'LISTENER', minWidth: 16 },
  { title: 'protocol' },
  { title: 'connections', align: 'right' },
]

function listenerLines({ listeners }: GatewayStatus, width: number): string[] {
  const rows = listeners.map(({ bound, protocol, connections }) => [bound, protocol, String(connections)])
  return columns(LISTENER_COLUMNS, rows, width)
}

function problemLines(problems: readonly Problem[], { nowMs }: ScreenOptions): string[] {
  if (problems.length === 0) return []
  const shown = problems.slice(0, MAX_PROBLEMS).map((problem) => {
    const ago = `${duration(Math.max(0, nowMs - problem.lastAtMs))} ago`
    const where = problem.where === '' ? '' : ` ${problem.where}:`
    const times = problem.count === 1 ? '' : ` (${counted(problem.count, 'time')})`
    return `${ago.padStart(11)}  ${oneLine(`${problem.kind}${where} ${problem.text}${times}`)}`
  })
  return ['', 'RECENT PROBLEMS', ...shown]
}
