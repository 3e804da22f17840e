/** The four plots, and the choice of whose lookups they show. */
import { clockMinutes, count, duration, rate } from '../../presentation/format.ts'
import type { Scope } from '../../presentation/rates.ts'
import type { Model } from './model.ts'
import {
  columns,
  decades,
  LATENCY_LINES,
  type Line,
  LOAD_LINES,
  linearTop,
  RESULT_LINES,
  STORE_LINES,
} from './plot-data.ts'
import { byId, renderOptions } from './view-dom.ts'
import { Plot } from './view-plot.ts'

const perSecond = (value: number | undefined): string => (value === undefined ? '–' : rate(value))
const whole = (value: number | undefined): string => (value === undefined ? '–' : count(value))
const fromZero = (_min: number | null, max: number | null): [number, number] => [0, linearTop(max)]
const axisTime = (seconds: number): string => clockMinutes(seconds * 1000)

export class Plots {
  readonly #grid = byId('plot-grid', HTMLElement)
  readonly #scope = byId('scope', HTMLSelectElement)
  readonly #plots: readonly { readonly plot: Plot; readonly lines: readonly Line[] }[]

  /** @param changed The choice has changed. */
  constructor(changed: () => void) {
    const results = ['--plot-1', '--plot-2', '--plot-3', '--plot-4']
    const latencies = ['--plot-5', '--plot-6', '--plot-4']
    const store = ['--plot-1', '--plot-3', '--plot-5']
    const load = ['--plot-5', '--plot-3', '--plot-2']
    this.#plots = [
      plotOf('Lookups per second, by result', RESULT_LINES, results, perSecond, fromZero),
      plotOf('Latency', LATENCY_LINES, latencies, duration, decades, { logarithmic: true }),
      plotOf('Answers per second: hit, stale, miss', STORE_LINES, store, perSecond, fromZero),
      plotOf('Load of the whole gateway', LOAD_LINES, load, whole, fromZero, { smallestStep: 1 }),
    ]
    this.#grid.append(...this.#plots.map(({ plot }) => plot.figure))
    this.#scope.addEventListener('change', changed)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const { plot } of this.#plots) plot.restyle()
    })
  }

  render({ points, status }: Model): void {
    renderOptions(this.#scope, [
      { value: 'all:', text: 'everything' },
      { value: 'mail:', text: 'mail servers only' },
      ...[...(status?.protocols ?? []), 'admin'].map((name) => ({ value: `protocol:${name}`, text: name })),
      ...(status?.tables ?? []).map(({ name }) => ({ value: `table:${name}`, text: `table ${name}` })),
    ])
    const scope = scopeOf(this.#scope.value)
    this.#grid.dataset.points = String(points.length)
    for (const { plot, lines } of this.#plots) plot.update(columns(points, scope, lines))
  }
}

function plotOf(
  title: string,
  lines: readonly Line[],
  colours: readonly string[],
  show: (value: number | undefined) => string,
  range: (min: number | null, max: number | null) => [number, number],
  { logarithmic = false, smallestStep = 0.1 } = {},
) {
  const labels = lines.map(({ label }) => label)
  return {
    lines,
    plot: new Plot({ title, labels, colours, show, range, axisTime, logarithmic, smallestStep }),
  }
}

function scopeOf(value: string): Scope {
  const at = value.indexOf(':')
  const kind = value.slice(0, at)
  const name = value.slice(at + 1)
  if (kind === 'protocol' || kind === 'table') return { kind, name }
  return kind === 'mail' ? { kind } : { kind: 'all' }
}
