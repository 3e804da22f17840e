/**
 * The results as a picture: what a reply costs beside what it is compared with, a start, and strangers' attacks. Each bar is a
 * median, the line through its end goes from the least to the most. Colours for a light and a dark page are in the file.
 */
import { short } from './results.mjs'

const WIDTH = 840
const LEFT = 270
const RIGHT = 120
const BAR = 9
const ROW_GAP = 9
const HEAD = 44

/** Of each group: heading, rows of label and figure; `against` is what it is compared with. */
const GROUPS = [
  {
    heading: 'Processor time per reply, µs',
    rows: [
      ['stored answer, socketmap', 'hits', 'socketmap: CPU time per reply'],
      ['stored answer, tcp_table', 'hits', 'tcp_table: CPU time per reply'],
      ['stored answer, policy', 'attributes', 'policy: CPU time per reply'],
      ['stored answer, proxymap', 'attributes', 'proxymap: CPU time per reply'],
      ['the service is asked', 'misses', 'CPU time per reply'],
    ],
  },
  {
    heading: 'From the start of the process, ms',
    rows: [
      ['first answer, 100 tables', 'start', /^first cached answer/],
      ['ready, 100 tables', 'start', /^to ready/],
      ['first answer, large cache file', 'start', /^first answer with/],
      ['the whole cache file read', 'start', /^all \d+ answers/],
    ],
  },
  {
    heading: 'Slowest of a hundred replies, ms',
    rows: [
      ['nobody attacks', 'hostile', 'p99 under no attack'],
      ['500 slow loris', 'hostile', 'p99 under 500 slow loris'],
      ['5,000 idle connections', 'hostile', 'p99 under 5,000 idle'],
      ['200 that never read', 'hostile', 'p99 under 200 that never read'],
    ],
  },
  {
    heading: 'Resident memory, MiB',
    rows: [['idle, configuration of the demo', 'resident', /^idle/]],
  },
]

/**
 * @param figures Of one run.
 * @param beside `{ version, figures }` of the same under another Node.js; undefined: none.
 * @returns An SVG.
 */
export function plot(figures, beside) {
  const sides = [
    { bar: 'own', figures, of: (name) => name, words: `mapgate on Node.js ${process.version}` },
    ...(beside === undefined
      ? []
      : [
          {
            bar: 'other',
            figures: beside.figures,
            of: (name) => name,
            words: `mapgate on Node.js ${beside.version}`,
          },
        ]),
    {
      bar: 'bare',
      figures,
      of: (name) => (typeof name === 'string' ? `${name}, compared with` : /^$/),
      words: 'the least that Node.js can do: a server with one answer, a bare HTTP client',
    },
  ]
  const parts = []
  let top = legend(sides, parts)
  for (const { heading, rows } of GROUPS) {
    const drawn = rows.flatMap(([label, scenario, name]) => {
      const bars = sides.flatMap((side) => {
        const value = medianOf(side.figures, scenario, side.of(name))
        return value === undefined ? [] : [{ bar: side.bar, value }]
      })
      return bars.length === 0 ? [] : [{ label, bars }]
    })
    if (drawn.length > 0) top = group(heading, drawn, top, parts)
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top + 10}" role="img" aria-labelledby="title">
<title id="title">How fast mapgate is: processor time of a reply, time of a start, replies under attack, memory</title>
<style>
  text { font: 13px sans-serif; fill: #1f2328 }
  .small { font-size: 12px; fill: #59636e }
  .head { font-size: 15px; font-weight: bold }
  .own { fill: #0969da }
  .other { fill: #1a7f37 }
  .bare { fill: #8c959f }
  .line { fill: none; stroke: #1f2328; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .small { fill: #b1bac4 }
    .head { fill: #f0f6fc }
    .own { fill: #58a6ff }
    .other { fill: #3fb950 }
    .bare { fill: #6e7681 }
    .line { stroke: #f0f6fc }
  }
</style>
${parts.join('\n')}
</svg>
`
}

function medianOf(figures, scenario, name) {
  return figures.find(
    (one) =>
      one.scenario === scenario && (typeof name === 'string' ? one.name === name : name.test(one.name)),
  )?.value
}

function legend(sides, parts) {
  for (const [index, { bar, words }] of sides.entries()) {
    const y = 14 + index * 20
    parts.push(
      `<rect class="${bar}" x="20" y="${y}" width="14" height="${BAR}"/>`,
      `<text class="small" x="42" y="${y + BAR}">${words}</text>`,
    )
  }
  return 14 + sides.length * 20
}

/** Draws one group from `top` on. @returns Where the next begins. */
function group(heading, rows, top, parts) {
  const most = Math.max(...rows.flatMap(({ bars }) => bars.map(({ value }) => value.max)))
  const x = (value) => (LEFT + (value / most) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  parts.push(`<text class="head" x="20" y="${top + HEAD - 18}">${heading}</text>`)
  let y = top + HEAD
  for (const { label, bars } of rows) {
    parts.push(
      `<text x="${LEFT - 10}" y="${y + (bars.length * BAR) / 2 + 4}" text-anchor="end">${label}</text>`,
      `<text class="small" x="${Number(x(Math.max(...bars.map(({ value }) => value.max)))) + 8}" y="${y + (bars.length * BAR) / 2 + 4}">${bars.map(({ value }) => short(value.median)).join(' / ')}</text>`,
    )
    for (const { bar, value } of bars) {
      parts.push(
        `<rect class="${bar}" x="${LEFT}" y="${y}" width="${(Number(x(value.median)) - LEFT).toFixed(1)}" height="${BAR - 2}"/>`,
        `<path class="line" d="M${x(value.min)} ${y + (BAR - 2) / 2}H${x(value.max)}"/>`,
      )
      y += BAR
    }
    y += ROW_GAP
  }
  return y
}
