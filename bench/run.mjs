/**
 * npm run bench -- [--rounds N] [--seconds S] [--only NAME,NAME] [--dist DIR] [--check | --record] [--quick]
 *
 * Measures the gateway against the least that Node.js can do, in one run and in turns, and writes
 * bench/RESULTS.md (`--record` also bench/baseline.json). `--check` writes nothing: it compares the
 * ratios with the recorded baseline and exits 1 when one is worse by more than its tolerance. `--record` measures
 * everything, and records nothing when a scenario did not run.
 *
 * Ratios come first: absolute figures say more about the machine than about the program.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareWithBaseline, notCompared } from './check.mjs'
import { results } from './results.mjs'
import { hits } from './scenarios/hits.mjs'
import { hostile } from './scenarios/hostile.mjs'
import { idle } from './scenarios/idle.mjs'
import { million } from './scenarios/million.mjs'
import { misses } from './scenarios/misses.mjs'
import { observed } from './scenarios/observed.mjs'
import { poison } from './scenarios/poison.mjs'
import { postmap } from './scenarios/postmap.mjs'
import { replica } from './scenarios/replica.mjs'
import { search } from './scenarios/search.mjs'
import { startTimes as start } from './scenarios/start-times.mjs'
import { tier } from './scenarios/tier.mjs'

const SCENARIOS = {
  hits,
  misses,
  search,
  observed,
  million,
  replica,
  tier,
  idle,
  start,
  postmap,
  hostile,
  poison,
}
const RESULTS = fileURLToPath(new URL('RESULTS.md', import.meta.url))
const BASELINE = fileURLToPath(new URL('baseline.json', import.meta.url))

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string' },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
    check: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
})
const setting = {
  dist: options.dist,
  rounds: Number(options.rounds),
  runMs: Number(options.seconds) * 1000,
  warmMs: Math.min(1500, Number(options.seconds) * 500),
}
if (options.record && options.only !== undefined)
  throw new Error(
    '--record measures every scenario, so that no part of the baseline is lost; leave --only out',
  )
const names = options.only?.split(',') ?? Object.keys(SCENARIOS)
const figures = []
for (const name of names) {
  const from = performance.now()
  const scenario = SCENARIOS[name]
  if (scenario === undefined)
    throw new Error(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}`)
  try {
    figures.push(...(await scenario(setting)))
  } catch (error) {
    figures.push({ scenario: name, name: 'did not run', failed: String(error) })
    console.error(error)
  }
  console.log(`${name}: ${((performance.now() - from) / 1000).toFixed(0)} s`)
  for (const figure of figures.filter(({ scenario: own }) => own === name)) console.log(' ', line(figure))
}

if (options.check) {
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8'))
  const worse = compareWithBaseline(figures, baseline)
  for (const id of notCompared(figures, baseline)) console.log(`not compared: ${id}`)
  for (const text of worse) console.error(text)
  console.log(worse.length === 0 ? 'no ratio is worse than the baseline' : `${worse.length} worse`)
  process.exit(worse.length === 0 ? 0 : 1)
}
if (options.record) {
  if (figures.some(({ failed }) => failed !== undefined))
    throw new Error('nothing was recorded, because a scenario did not run; see above')
  const ratios = figures.filter(({ limit }) => limit !== undefined)
  const baseline = Object.fromEntries(
    ratios.map(({ scenario, name, value }) => [`${scenario}: ${name}`, value.median]),
  )
  writeFileSync(BASELINE, `${JSON.stringify(baseline, undefined, 2)}\n`)
}
if (options.only === undefined) writeResults()
process.exit()

/** The part above the marker is made here; what is below it is written by hand and stays. */
function writeResults() {
  const marker = '<!-- below: written by hand -->'
  let kept = `${marker}\n`
  try {
    const text = readFileSync(RESULTS, 'utf8')
    kept = text.slice(text.indexOf(marker))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  writeFileSync(RESULTS, results(figures, { setting, command: process.argv.slice(2).join(' ') }) + kept)
}

function line({ name, value, limit, unit = '', failed, detail = '' }) {
  if (failed !== undefined) return `${name}: ${failed}`
  const spread = `${value.min.toPrecision(3)} to ${value.max.toPrecision(3)}`
  const aim =
    limit === undefined ? '' : `, aim ${limit.most === undefined ? '>=' : '<='} ${limit.most ?? limit.least}`
  return `${name}: ${value.median.toPrecision(3)}${unit} (${spread}, ${value.runs} runs${aim}) ${detail}`
}
