/** Lookups by protocol and by table, and the errors by kind. */
import { causeText } from '../../presentation/causes.ts'
import { bytes, count, duration, NOTHING, percent, rate } from '../../presentation/format.ts'
import {
  cacheShares,
  causesOf,
  perSecond,
  recent,
  type Scope,
  type Totals,
  totals,
} from '../../presentation/rates.ts'
import type { Model, Status } from './model.ts'
import { byId, type Cell, NOT_KNOWN, number, renderRows, setText } from './view-dom.ts'

/** Tables shown; the busiest. Ours: a table of thousands of rows is read by nobody. */
const MAX_TABLES = 50

const COLUMNS = 14

type TableStatus = Status['tables'][number]

export function renderTraffic({ points, status }: Model): void {
  const window = recent(points)
  const of = (scope: Scope): Totals => totals(window, scope)
  const protocols = [...(status?.protocols ?? []), 'admin'].flatMap((name) => {
    const sums = of({ kind: 'protocol', name })
    return [rateCells(name, sums, undefined), ...replyRows(name, sums)]
  })
  renderRows(byId('protocol-rows', HTMLTableSectionElement), [group('By protocol'), ...protocols], '')

  const tables = (status?.tables ?? []).map((table) => ({
    table,
    sums: of({ kind: 'table', name: table.name }),
  }))
  const busiest = tables.toSorted((a, b) => b.sums.lookups - a.sums.lookups)
  const shown = tables.length > MAX_TABLES ? busiest.slice(0, MAX_TABLES) : tables
  const unknown = of({ kind: 'table', name: '' })
  renderRows(
    byId('table-rows', HTMLTableSectionElement),
    [
      group('By table'),
      ...shown.map(({ table, sums }) => rateCells(table.name, sums, table)),
      ...(unknown.lookups > 0 ? [rateCells('(not configured)', unknown, undefined)] : []),
    ],
    '',
  )
  const note = byId('table-note', HTMLElement)
  note.hidden = shown.length === tables.length
  setText(note, `The ${MAX_TABLES} busiest of ${count(tables.length)} tables.`)
}

function group(title: string): readonly Cell[] {
  return [{ text: title, kind: 'group', span: COLUMNS }]
}

function rateCells(name: string, sums: Totals, table: TableStatus | undefined): readonly Cell[] {
  const each = (of: number): string => (sums.ms === 0 ? NOTHING : rate(perSecond(of, sums)))
  const shares = cacheShares(sums)
  return [
    { text: name, kind: 'head' },
    number(each(sums.lookups)),
    number(each(sums.found)),
    number(each(sums.notfound)),
    number(each(sums.temporary), sums.temporary > 0 ? 'warn' : undefined),
    number(each(sums.permanent), sums.permanent > 0 ? 'bad' : undefined),
    number(percent(shares?.hit)),
    number(percent(shares?.stale)),
    number(percent(shares?.miss)),
    number(duration(sums.p50Ms)),
    number(duration(sums.p95Ms)),
    number(duration(sums.p99Ms)),
    ...storeCells(table),
  ]
}

/** How often each kind of reply went out, where the results do not say it all. */
function replyRows(protocol: string, sums: Totals): (readonly Cell[])[] {
  return [...sums.replies]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reply, times]) => [
      { text: `${protocol}: ${reply}`, kind: 'head' },
      number(rate(perSecond(times, sums))),
      ...Array.from({ length: COLUMNS - 2 }, () => number(NOTHING)),
    ])
}

function storeCells(table: TableStatus | undefined): readonly Cell[] {
  if (table === undefined) return [number(NOTHING), number(NOTHING)]
  if (table.cache === undefined) return [number('off'), number(NOTHING)]
  const { foundEntries, negativeEntries } = table.cache
  return [number(count(foundEntries + negativeEntries)), number(bytes(table.cache.bytes))]
}

/** Causes of failed lookups, now and over everything that is kept. */
export function renderCauses({ points }: Model): void {
  const now = new Map(causesOf(recent(points)))
  const rows = causesOf(points).map(([cause, total]) => [
    { text: causeText(cause), kind: 'wrap' } as const,
    number(count(now.get(cause) ?? 0), now.has(cause) ? 'bad' : undefined),
    number(count(total)),
  ])
  const none = points.length === 0 ? NOT_KNOWN : 'No lookup failed in the last ten minutes.'
  renderRows(byId('cause-rows', HTMLTableSectionElement), rows, none)
}
