/**
 * The last lines of a test run: what was skipped and how to get it, and in CI the ten
 * slowest files, so that a slow test is seen before it hurts.
 */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

const SLOWEST_SHOWN = 10

export class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => Array.from(module.children.allTests()))
    if (process.env.CI === 'true') printSlowest(modules)
    printSkipped(tests)
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    console.log(`tests: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`)
  }
}

/** Tests that skip themselves say why and what is missing: `ctx.skip('needs postfix: apt-get install postfix')`. */
function printSkipped(tests: readonly TestCase[]): void {
  const reasons = new Map<string, number>()
  for (const test of tests) {
    const result = test.result()
    if (result.state !== 'skipped') continue
    const reason = result.note ?? `no reason given (${test.fullName})`
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  const parts = Array.from(reasons, ([reason, count]) => `${count} test${count === 1 ? '' : 's'}: ${reason}`)
  console.log(parts.length === 0 ? 'skipped: nothing' : `skipped: ${parts.join('; ')}`)
}

function printSlowest(modules: readonly TestModule[]): void {
  const slowest = modules
    .map((module) => ({ file: module.relativeModuleId, ms: module.diagnostic().duration }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST_SHOWN)
  console.log(`the ${slowest.length} slowest files:`)
  for (const { file, ms } of slowest) console.log(`${(ms / 1000).toFixed(1).padStart(8)} s  ${file}`)
}
