/** One plot: a uPlot, its heading, and a legend in text that follows the cursor. */
import { type Columns, timeRange } from './plot-data.ts'
import uPlot from './uPlot.esm.js'
import { element, setText } from './view-dom.ts'

/** Height of the drawing, px; parts.css keeps the room. */
const HEIGHT = 160

interface PlotOptions {
  readonly title: string
  /** Names of CSS properties of theme.css, one for each line. */
  readonly colours: readonly string[]
  readonly labels: readonly string[]
  readonly show: (value: number | undefined) => string
  readonly axisTime: (seconds: number) => string
  readonly range: (min: number | null, max: number | null) => [number, number]
  readonly logarithmic?: boolean
  /** Smallest step of a linear axis. */
  readonly smallestStep: number
}

/** Lines differ by more than colour: px drawn, px left out. */
const DASHES: readonly number[][] = [[], [6, 3], [2, 2], [8, 3, 2, 3]]

export class Plot {
  readonly figure: HTMLElement
  readonly #options: PlotOptions
  readonly #box = element('div', 'canvas')
  readonly #values: HTMLElement[] = []
  readonly #swatches: HTMLCanvasElement[] = []
  #plot: uPlot | undefined
  #data: Columns = [[]]

  constructor(options: PlotOptions) {
    this.#options = options
    const legend = element('ul', 'legend')
    for (const label of options.labels) {
      const value = element('b')
      const swatch = element('canvas', 'swatch')
      swatch.setAttribute('aria-hidden', 'true')
      this.#values.push(value)
      this.#swatches.push(swatch)
      legend.append(element('li', '', swatch, `${label} `, value))
    }
    this.#box.setAttribute('role', 'img')
    const caption = element('figcaption', '', element('h3', '', options.title), legend)
    this.figure = element('figure', 'plot', caption, this.#box)
    new ResizeObserver(() => this.#resize()).observe(this.#box)
  }

  update(data: Columns): void {
    this.#data = data
    if (this.#plot === undefined) this.restyle()
    else this.#plot.setData(data as uPlot.AlignedData)
    this.#showValues()
    this.#box.setAttribute('aria-label', `${this.#options.title}, drawn over time. Now: ${this.#inWords()}`)
  }

  /** Draws again, with the colours of the present theme. */
  restyle(): void {
    this.#plot?.destroy()
    const colours = this.#options.colours.map(colourOf)
    for (const [index, swatch] of this.#swatches.entries())
      drawSwatch(swatch, colours[index] ?? '', DASHES[index] ?? [])
    this.#plot = new uPlot(this.#uPlotOptions(colours), this.#data as uPlot.AlignedData, this.#box)
  }

  #uPlotOptions(colours: readonly string[]): uPlot.Options {
    const { labels, show, axisTime, range, logarithmic = false, smallestStep } = this.#options
    const axis = { stroke: colourOf('--muted'), font: `11px ${colourOf('--font')}` }
    // A logarithmic axis names its decades only, and draws no lines in between.
    const filter: uPlot.Axis.Filter = (_plot, splits) =>
      splits.map((value) => (logarithmic && !Number.isInteger(Math.log10(value)) ? null : value))
    const grid = { stroke: colourOf('--plot-grid'), width: 1, filter }
    return {
      width: Math.max(1, this.#box.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      hooks: { setCursor: [() => this.#showValues()] },
      scales: {
        x: { time: false, range: () => timeRange(this.#data[0], Date.now() / 1000) },
        y: { range: (_plot, min, max) => range(min, max), ...(logarithmic && { distr: 3 as const }) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          ticks: { show: false },
          size: 22,
          gap: 4,
          incrs: [60, 120, 300],
          space: 60,
          values: (_plot, seconds) => seconds.map(axisTime),
        },
        {
          ...axis,
          grid,
          filter,
          ticks: { show: false },
          size: 52,
          gap: 6,
          space: 28,
          ...(!logarithmic && { incrs: steps(smallestStep) }),
          values: (_plot, values) => values.map((value) => (value === null ? '' : show(value))),
        },
      ],
      series: [
        {},
        ...labels.map((label, index) => ({
          label,
          stroke: colours[index] ?? '',
          width: 1.5,
          dash: DASHES[index] ?? [],
          points: { size: 4 },
        })),
      ],
    }
  }

  /** Under the cursor, else the newest. */
  #showValues(): void {
    const [times, ...columns] = this.#data
    const at = this.#plot?.cursor.idx ?? times.length - 1
    for (const [index, value] of this.#values.entries())
      setText(value, this.#options.show(columns[index]?.[at] ?? undefined))
  }

  #inWords(): string {
    const { labels, show } = this.#options
    const [, ...columns] = this.#data
    return labels.map((label, index) => `${label} ${show(columns[index]?.at(-1) ?? undefined)}`).join(', ')
  }

  #resize(): void {
    const width = this.#box.clientWidth
    if (width > 0 && this.#plot !== undefined && this.#plot.width !== width)
      this.#plot.setSize({ width, height: HEIGHT })
  }
}

/** Steps that people count in: 1, 2, 5, 10 and so on. */
function steps(smallest: number): number[] {
  return Array.from({ length: 10 }, (_, power) =>
    [1, 2, 5].map((step) => step * smallest * 10 ** power),
  ).flat()
}

function colourOf(property: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim()
}

function drawSwatch(canvas: HTMLCanvasElement, colour: string, dash: readonly number[]): void {
  canvas.width = 36
  canvas.height = 16
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(2, 2)
  context.strokeStyle = colour
  context.lineWidth = 2
  context.setLineDash([...dash])
  context.beginPath()
  context.moveTo(0, 4)
  context.lineTo(18, 4)
  context.stroke()
}
