/** Upstreams with their endpoints, canaries, and the connections of the listeners. */
import type { FetchStatus } from '../../core/status.ts'
import { fetchText, isInUse } from '../../presentation/fetches.ts'
import { count, duration, rate } from '../../presentation/format.ts'
import { endpointTotals, perSecond, recent } from '../../presentation/rates.ts'
import type { Model, Status } from './model.ts'
import { byId, type Cell, NOT_KNOWN, number, renderRows, type State, text } from './view-dom.ts'

type UpstreamStatus = Status['upstreams'][number]
type EndpointStatus = UpstreamStatus['endpoints'][number]

const CIRCUITS: Record<EndpointStatus['circuit'], [word: string, state: State]> = {
  closed: ['closed', 'ok'],
  'half-open': ['half-open', 'warn'],
  open: ['open', 'bad'],
}

const CANARIES: Record<Status['tables'][number]['canaries'][number]['state'], [word: string, state: State]> =
  {
    unknown: ['not asked yet', 'off'],
    up: ['found', 'ok'],
    missing: ['not found', 'bad'],
    unreachable: ['no answer', 'bad'],
  }

/** A certificate that ends sooner is worth a word, ms. Ours: two weeks, as monitoring usually has it. */
const CERTIFICATE_SOON_MS = 14 * 86_400_000

export function renderUpstreams({ points, status }: Model): void {
  const window = recent(points)
  const ms = window.reduce((sum, { stepMs }) => sum + stepMs, 0)
  const rows = (status?.upstreams ?? []).flatMap((upstream): Cell[][] => {
    const { name, kind, inFlight, queued, endpoints, fetches = [] } = upstream
    if (endpoints.length === 0 && fetches.length === 0) {
      return [[{ text: name, kind: 'head' } as const, { text: `${kind}, sends no requests`, span: 9 }]]
    }
    const asked = endpoints.map((endpoint, index) => {
      const sums = endpointTotals(window, name, endpoint.name)
      const [word, state] = CIRCUITS[endpoint.circuit]
      return [
        { text: name, kind: 'head' } as const,
        text(endpoint.name),
        text(word, state),
        number(rate(perSecond(sums.requests, { ms }))),
        number(rate(perSecond(sums.failed, { ms })), sums.failed > 0 ? 'bad' : undefined),
        number(duration(sums.p50Ms)),
        number(duration(sums.p95Ms)),
        number(index === 0 ? count(inFlight) : ''),
        number(index === 0 ? count(queued) : '', index === 0 && queued > 0 ? 'warn' : undefined),
        note(endpoint),
      ]
    })
    return [...asked, ...fetches.map((fetch) => fetchRow(name, fetch))]
  })
  if (status?.shared !== undefined) rows.push(sharedRow(status.shared))
  renderRows(byId('upstream-rows', HTMLTableSectionElement), rows, status ? 'No upstreams.' : NOT_KNOWN)
}

/** What an upstream fetches for itself is below its endpoints. */
function fetchRow(name: string, fetch: FetchStatus): Cell[] {
  const { endpoint, state, title, lastFailure } = fetch
  const shape = { valid: 'ok', none: 'off', failing: isInUse(fetch) ? 'warn' : 'bad' } as const
  return [
    { text: name, kind: 'head' },
    text(endpoint),
    text(state, shape[state]),
    {
      text: isInUse(fetch) ? `${title}: ${fetchText(fetch, Date.now())}` : (lastFailure ?? `no ${title} yet`),
      span: 7,
    },
  ]
}

/** The store that gateways share is below the services. */
function sharedRow({ address, state, queuedWrites, lastFailure }: NonNullable<Status['shared']>): Cell[] {
  const note = lastFailure ?? `answers shared with other gateways, ${count(queuedWrites)} still to be written`
  return [
    { text: 'shared store', kind: 'head' },
    text(address),
    text(state, state === 'up' ? 'ok' : 'bad'),
    { text: note, span: 7 },
  ]
}

function note({ pausedForMs, certificateExpiresAtMs }: EndpointStatus): Cell {
  if (pausedForMs !== undefined) return text(`paused for ${duration(pausedForMs)}, as it asked`, 'warn')
  if (certificateExpiresAtMs === undefined) return text('')
  const leftMs = certificateExpiresAtMs - Date.now()
  if (leftMs <= 0) return text('certificate has expired', 'bad')
  return text(`certificate for ${duration(leftMs)}`, leftMs < CERTIFICATE_SOON_MS ? 'warn' : undefined)
}

export function renderCanaries({ status }: Model): void {
  const rows = (status?.tables ?? []).flatMap(({ name, canaries }) =>
    canaries.map(({ upstream, endpoint, state }) => {
      const [word, shape] = CANARIES[state]
      return [
        { text: name, kind: 'head' } as const,
        text(word, shape),
        { text: `${upstream} ${endpoint}`, kind: 'wrap' } as const,
      ]
    }),
  )
  renderRows(
    byId('canary-rows', HTMLTableSectionElement),
    rows,
    status ? 'No table has a canary.' : NOT_KNOWN,
  )
}

export function renderListeners({ status }: Model): void {
  const rows = (status?.listeners ?? []).map(({ bound, protocol, connections }) => [
    { text: bound, kind: 'wrap' } as const,
    text(protocol),
    number(count(connections)),
  ])
  renderRows(byId('listener-rows', HTMLTableSectionElement), rows, status ? 'No listeners.' : NOT_KNOWN)
}
