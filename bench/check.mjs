/**
 * Compares ratios with a recorded baseline: a guard against regressions that is run by command, since
 * a busy machine measures badly.
 */

/** How much worse than the baseline a ratio may be. Ours: twice what quiet runs differ by. */
const TOLERANCE = 0.15

/** @returns One sentence for each ratio that is worse. */
export function compareWithBaseline(figures, baseline) {
  const worse = []
  for (const { scenario, name, value, limit, failed } of figures) {
    const id = `${scenario}: ${name}`
    if (failed !== undefined) worse.push(`${id} ${failed}`)
    const before = baseline[id]
    if (limit === undefined || before === undefined) continue
    const bound = limit.most !== undefined ? before * (1 + TOLERANCE) : before * (1 - TOLERANCE)
    const isWorse = limit.most !== undefined ? value.median > bound : value.median < bound
    if (isWorse) worse.push(`${id} is ${value.median.toFixed(3)}, was ${before.toFixed(3)}`)
  }
  return worse
}

/** @returns The names of figures that only one side has: nothing is said about them. */
export function notCompared(figures, baseline) {
  const limited = figures.filter(({ limit }) => limit !== undefined)
  const measured = new Set(limited.map(({ scenario, name }) => `${scenario}: ${name}`))
  const scenarios = new Set(figures.map(({ scenario }) => scenario))
  const recorded = Object.keys(baseline).filter((id) => scenarios.has(id.slice(0, id.indexOf(':'))))
  return [
    ...Array.from(measured).filter((id) => baseline[id] === undefined),
    ...recorded.filter((id) => !measured.has(id)),
  ]
}
