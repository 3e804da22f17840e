/**
 * The course of a soak as an SVG: one panel for each quantity, drawn from zero so that flat looks flat.
 */
import type { Sample } from './sample.ts'

interface Panel {
  readonly title: string
  readonly value: (sample: Sample, before: Sample | undefined) => number
}

const MIB = 1024 * 1024
const PANELS: readonly Panel[] = [
  { title: 'heap after collection, MiB', value: ({ heapBytes }) => heapBytes / MIB },
  { title: 'resident memory, MiB', value: ({ rssBytes }) => rssBytes / MIB },
  { title: 'open descriptors', value: ({ descriptors }) => descriptors },
  { title: 'timers that wait', value: ({ timers }) => timers },
  {
    title: 'checked replies per second',
    value: (sample, before) =>
      before === undefined ? 0 : (sample.replies - before.replies) / (sample.atS - before.atS),
  },
]

const WIDTH = 760
const HEIGHT = 90
const LEFT = 60
const GAP = 44

export function plot(samples: readonly Sample[], title: string): string {
  const panels = PANELS.map((panel, index) => drawPanel(panel, samples, 50 + index * (HEIGHT + GAP)))
  const height = 50 + PANELS.length * (HEIGHT + GAP)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 20} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${LEFT}" y="20" font-size="15">${title}</text>`,
    ...panels,
    '</svg>\n',
  ].join('\n')
}

function drawPanel({ title, value }: Panel, samples: readonly Sample[], top: number): string {
  const values = samples.map((sample, index) => value(sample, samples[index - 1])).slice(1)
  const most = Math.max(...values, 1)
  const endS = samples.at(-1)?.atS ?? 1
  const points = values.map((one, index) => {
    const x = LEFT + ((samples[index + 1]?.atS ?? 0) / endS) * WIDTH
    return `${x.toFixed(1)},${(top + HEIGHT - (one / most) * HEIGHT).toFixed(1)}`
  })
  const bottom = top + HEIGHT
  return [
    `<text x="${LEFT}" y="${top - 6}">${title}</text>`,
    `<path d="M${LEFT} ${top}V${bottom}H${LEFT + WIDTH}" fill="none" stroke="#999"/>`,
    `<text x="${LEFT - 6}" y="${top + 8}" text-anchor="end">${Math.round(most)}</text>`,
    `<text x="${LEFT - 6}" y="${bottom}" text-anchor="end">0</text>`,
    `<text x="${LEFT + WIDTH}" y="${bottom + 14}" text-anchor="end">${(endS / 60).toFixed(0)} min</text>`,
    `<polyline points="${points.join(' ')}" fill="none" stroke="#1b6ca8" stroke-width="1.5"/>`,
  ].join('\n')
}
