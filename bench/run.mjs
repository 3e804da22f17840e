/**
 * npm run bench -- [--rounds N] [--seconds S] [--only NAME,NAME] [--dist DIR] [--beside NODE] [--check | --record] [--quick]
 *
 * Measures the gateway against the least that Node.js can do, in one run and in turns, and writes
 * bench/RESULTS.md and the picture of it in docs/pictures (`--record` also bench/baseline.json). With `--only` nothing is
 * written. `--check` writes nothing: it compares the ratios with the recorded baseline and exits 1 when one is worse by more than
 * its tolerance. `--record` measures everything, and records nothing when a scenario did not run.
 *
 * `--dist` is a build to measure in the place of this one, of another commit, too. `--beside` measures hits, misses, start and resident
 * once more with the servers under another Node.js. `--quick` says whether the scenarios run, and nothing about speed.
 *
 * Ratios come first: absolute figures say more about the machine than about the program.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareWithBaseline, notCompared } from './check.mjs'
import { plot } from './plot.mjs'
import { testUnder } from './processes.mjs'
import { results } from './results.mjs'
import { attributes } from './scenarios/attributes.mjs'
import { hits } from './scenarios/hits.mjs'
import { hostile } from './scenarios/hostile.mjs'
import { idle } from './scenarios/idle.mjs'
import { million } from './scenarios/million.mjs'
import { misses } from './scenarios/misses.mjs'
import { observed } from './scenarios/observed.mjs'
import { poison } from './scenarios/poison.mjs'
import { postmap } from './scenarios/postmap.mjs'
import { replica } from './scenarios/replica.mjs'
import { resident } from './scenarios/resident.mjs'
import { search } from './scenarios/search.mjs'
import { startTimes as start } from './scenarios/start-times.mjs'
import { tier } from './scenarios/tier.mjs'

const SCENARIOS = {
  hits,
  attributes,
  misses,
  search,
  observed,
  million,
  replica,
  tier,
  idle,
  resident,
  start,
  postmap,
  hostile,
  poison,
}
/** What depends on the version of Node.js most. */
const BESIDE = ['hits', 'misses', 'start', 'resident']
const RESULTS = fileURLToPath(new URL('RESULTS.md', import.meta.url))
const BASELINE = fileURLToPath(new URL('baseline.json', import.meta.url))
const PICTURE = fileURLToPath(new URL('../docs/pictures/how-fast.svg', import.meta.url))
const ANSWERS = 1_000_000
const FEW_ANSWERS = 10_000

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    dist: { type: 'string' },
    beside: { type: 'string' },
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
})
const { quick, rounds = quick ? '1' : '15', seconds = quick ? '0.2' : '1' } = options
const built = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const setting = {
  /** Modules, for servers that are measured from inside; and the program, which is started as users do. */
  dist: options.dist === undefined ? built('build') : resolve(options.dist),
  program: options.dist === undefined ? built('dist') : resolve(options.dist),
  rounds: Number(rounds),
  runMs: Number(seconds) * 1000,
  warmMs: Math.min(1500, Number(seconds) * 500),
  answers: quick ? FEW_ANSWERS : ANSWERS,
  quick,
}
if (options.record && (options.only !== undefined || quick))
  throw new Error(
    '--record measures every scenario, so that no part of the baseline is lost; leave --only and --quick out',
  )

const figures = await measured(options.only?.split(',') ?? Object.keys(SCENARIOS))
const beside = options.beside === undefined ? undefined : await underNode(options.beside)
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
if (options.only === undefined && !quick) {
  writeResults()
  writeFileSync(PICTURE, plot(figures, beside))
}
process.exit(quick && figures.some(({ failed }) => failed !== undefined) ? 1 : 0)

async function measured(names) {
  const all = []
  for (const name of names) {
    const from = performance.now()
    const scenario = SCENARIOS[name]
    if (scenario === undefined)
      throw new Error(`no scenario ${name}; there are ${Object.keys(SCENARIOS).join(', ')}`)
    try {
      all.push(...(await scenario(setting)))
    } catch (error) {
      all.push({ scenario: name, name: 'did not run', failed: String(error) })
      console.error(error)
    }
    console.log(`${name}: ${((performance.now() - from) / 1000).toFixed(0)} s`)
    for (const figure of all.filter(({ scenario: own }) => own === name)) console.log(' ', line(figure))
  }
  return all
}

/** The same with the servers under another Node.js. */
async function underNode(path) {
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim()
  console.log(`under Node.js ${version}`)
  testUnder(path)
  const names = BESIDE.filter((name) => options.only?.split(',').includes(name) ?? true)
  return { version, figures: await measured(names) }
}

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
  const command = process.argv.slice(2).join(' ')
  writeFileSync(RESULTS, results(figures, { setting, command, beside }) + kept)
}

function line({ name, value, limit, unit = '', failed, detail = '' }) {
  if (failed !== undefined) return `${name}: ${failed}`
  const spread = `${value.min.toPrecision(3)} to ${value.max.toPrecision(3)}`
  const aim =
    limit === undefined ? '' : `, aim ${limit.most === undefined ? '>=' : '<='} ${limit.most ?? limit.least}`
  return `${name}: ${value.median.toPrecision(3)}${unit} (${spread}, ${value.runs} runs${aim}) ${detail}`
}
