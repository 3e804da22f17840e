/** The key figures: what an operator reads first after the verdict. */
import { count, counted, duration, NOTHING, percent, rate } from '../../presentation/format.ts'
import { cacheShares, perSecond, recent, totals } from '../../presentation/rates.ts'
import type { Model } from './model.ts'
import { byId, element, type State, setState, setText } from './view-dom.ts'

interface Figure {
  readonly name: string
  readonly value: string
  readonly detail: string
  readonly state?: State | undefined
}

export function renderFigures(model: Model): void {
  const list = byId('figures', HTMLDListElement)
  for (const [index, figure] of figures(model).entries()) {
    const node = list.children[index] ?? list.appendChild(emptyFigure())
    const [name, value, detail] = node.children
    if (name !== undefined) setText(name, figure.name)
    if (value !== undefined) setText(value, figure.value)
    if (detail !== undefined) setText(detail, figure.detail)
    setState(node, figure.state)
  }
}

function emptyFigure(): HTMLDivElement {
  return element('div', 'figure', element('dt'), element('dd', 'value'), element('dd', 'detail'))
}

const NAMES = [
  'Lookups',
  'Failed lookups',
  'Answered from the store',
  'Latency, 95th percentile',
  'Requests in flight',
  'Connections',
] as const

function figures({ points, status }: Model): Figure[] {
  const all = totals(recent(points), { kind: 'all' })
  const shares = cacheShares(all)
  const failed = all.temporary + all.permanent
  const last = points.at(-1)
  if (last === undefined) return NAMES.map((name) => ({ name, value: NOTHING, detail: 'not known yet' }))
  const { queued } = last
  return [
    {
      name: NAMES[0],
      value: `${rate(perSecond(all.lookups, all))}/s`,
      detail: `${rate(perSecond(all.found, all))}/s found, ${rate(perSecond(all.notfound, all))}/s not found`,
    },
    {
      name: NAMES[1],
      value: failed === 0 ? 'none' : percent(failed / all.lookups),
      detail: `${rate(perSecond(all.temporary, all))}/s try later, ${rate(perSecond(all.permanent, all))}/s refused`,
      state: failed === 0 ? undefined : 'bad',
    },
    {
      name: NAMES[2],
      value: percent(shares?.hit),
      detail: `${percent(shares?.stale)} stale, ${percent(shares?.miss)} asked the service`,
    },
    {
      name: NAMES[3],
      value: duration(all.p95Ms),
      detail: `p50 ${duration(all.p50Ms)}, p99 ${duration(all.p99Ms)}`,
    },
    {
      name: NAMES[4],
      value: count(last.inFlight),
      detail: `${count(queued)} waiting for a slot`,
      state: queued > 0 ? 'warn' : undefined,
    },
    {
      name: NAMES[5],
      value: count(last.connections),
      detail: `on ${counted(status?.listeners.length ?? 0, 'listener')}`,
    },
  ]
}
