/** The key figures: what an operator reads first after the verdict. */
import { count, duration, NOTHING, percent, rate } from './format.ts'
import type { Model } from './model.ts'
import { cacheShares, perSecond, recent, totals } from './rates.ts'
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

function figures({ points, status }: Model): Figure[] {
  const all = totals(recent(points), { kind: 'all' })
  const shares = cacheShares(all)
  const failed = all.temporary + all.permanent
  const last = points.at(-1)
  const queued = last?.queued ?? 0
  return [
    {
      name: 'Lookups',
      value: `${rate(perSecond(all.lookups, all))}/s`,
      detail: `${rate(perSecond(all.found, all))}/s found, ${rate(perSecond(all.notfound, all))}/s not found`,
    },
    {
      name: 'Failed lookups',
      value: failed === 0 ? 'none' : percent(failed / all.lookups),
      detail: `${rate(perSecond(all.temporary, all))}/s try later, ${rate(perSecond(all.permanent, all))}/s refused`,
      state: failed === 0 ? undefined : 'bad',
    },
    {
      name: 'Answered from the store',
      value: percent(shares?.hit),
      detail: `${percent(shares?.stale)} stale, ${percent(shares?.miss)} asked the service`,
    },
    {
      name: 'Latency, 95th percentile',
      value: duration(all.p95Ms),
      detail: `p50 ${duration(all.p50Ms)}, p99 ${duration(all.p99Ms)}`,
    },
    {
      name: 'Requests in flight',
      value: last === undefined ? NOTHING : count(last.inFlight),
      detail: `${count(queued)} waiting for a place`,
      state: queued > 0 ? 'warn' : undefined,
    },
    {
      name: 'Connections',
      value: last === undefined ? NOTHING : count(last.connections),
      detail: `on ${status?.listeners.length ?? 0} listeners`,
    },
  ]
}
