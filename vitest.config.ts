import { defineConfig } from 'vitest/config'
import { ClosingReporter } from './test/closing-reporter.ts'

/**
 * One project per kind of test, so that each can be run alone:
 * `npx vitest run --project unit`.
 */
const project = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 60_000,
    pool: 'forks' as const,
    // Loading every module anew for each file takes 2 s of the processor; that of the unit tests longer than the tests.
    isolate: false,
  },
})

export default defineConfig({
  test: {
    // One more than processors here: half of the time a test with real programs waits for them.
    maxWorkers: 3,
    reporters: ['default', new ClosingReporter()],
    projects: [
      // Time for a machine on which others work, too: the slowest takes 10 s alone.
      project('unit', 120_000),
      project('integration', 60_000),
      project('fuzz', 120_000),
      project('postfix', 120_000),
      project('packaging', 120_000),
      project('docs', 120_000),
    ],
    coverage: {
      provider: 'v8',
      // Where every test runs; a machine without Postfix or Chromium cannot reach the thresholds.
      enabled: process.env.CI === 'true',
      reporter: ['text-summary', 'html'],
      include: ['src/**/*.ts'],
      // What of the page touches the DOM runs in Chromium (test/integration/page), where nothing is counted.
      exclude: ['src/cli.ts', 'src/admin/page/view-*.ts', 'src/admin/page/main.ts', 'src/admin/page/*.d.ts'],
      thresholds: { lines: 90, branches: 90 },
    },
  },
})
