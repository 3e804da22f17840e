import { expect, test } from 'vitest'

interface Figure {
  readonly scenario: string
  readonly name: string
  readonly unit?: string
  readonly value: {
    readonly median: number
    readonly min: number
    readonly max: number
    readonly runs: number
  }
}

interface Beside {
  readonly version: string
  readonly figures: readonly Figure[]
}

const load = (name: string) => import(new URL(`../../../bench/${name}`, import.meta.url).href)
const { plot }: { plot(figures: readonly Figure[], beside?: Beside): string } = await load('plot.mjs')
const { results }: { results(figures: readonly Figure[], run: object): string } = await load('results.mjs')

const figure = (scenario: string, name: string, median: number): Figure => ({
  scenario,
  name,
  value: { median, min: median / 2, max: median * 2, runs: 3 },
})

/** A median of 10 where 40 is the most that any bar reaches: a quarter of the 450 wide plot. */
const FIGURES = [
  figure('hits', 'socketmap: CPU time per reply', 10),
  figure('hits', 'socketmap: CPU time per reply, compared with', 8),
  figure('misses', 'CPU time per reply', 20),
]

const bars = (svg: string, kind: string) =>
  Array.from(
    svg.matchAll(new RegExp(`<rect class="${kind}" x="270" y="\\d+" width="([\\d.]+)"`, 'g')),
    ([, width]) => width,
  )

test('a bar is as long as its median, beside what it is compared with', () => {
  const svg = plot(FIGURES)
  expect(bars(svg, 'own')).toEqual(['112.5', '225.0'])
  expect(bars(svg, 'bare')).toEqual(['90.0'])
  expect(bars(svg, 'other')).toEqual([])
  expect(svg).toContain('>10 / 8</text>')
})

test('what was not measured has no bar, and a group without any no heading', () => {
  const svg = plot(FIGURES)
  expect(svg).toContain('>Processor time per reply, µs<')
  expect(svg).not.toContain('stored answer, policy')
  expect(svg).not.toContain('Resident memory')
})

test('another Node.js stands between, in picture and table', () => {
  const beside = { version: 'v24.1.0', figures: [figure('hits', 'socketmap: CPU time per reply', 6)] }
  expect(bars(plot(FIGURES, beside), 'other')).toEqual(['67.5'])
  const setting = { rounds: 3, runMs: 1000, warmMs: 500 }
  const text = results(FIGURES, { setting, command: '', beside })
  expect(text).toContain(`| scenario | what | ${process.version} | v24.1.0 |`)
  expect(text).toContain('| hits | socketmap: CPU time per reply | 10 (5 to 20) | 6 (3 to 12) |')
  expect(text).not.toContain('| misses | CPU time per reply | 20 (10 to 40) |')
})
