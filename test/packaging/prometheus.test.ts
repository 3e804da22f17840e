/**
 * The alert rules and their own tests, and the example configuration, by promtool(1).
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { missingProgram, ROOT, run, skipWithout } from './run.ts'

const FOLDER = join(ROOT, 'monitoring/prometheus')

interface Rules {
  groups: {
    interval?: string
    rules: {
      alert?: string
      for?: string
      labels?: { severity?: string }
      annotations?: Record<string, string>
    }[]
  }[]
}

/** What must have an alert, by its name. */
const ALERTS = [
  'MapgateNotReady',
  'MapgateOutageReadinessLow',
  'MapgateNotFoundStale',
  'MapgateCircuitOpen',
  'MapgateAnswersOnlyKnown',
  'MapgateDataLost',
  'MapgateCanaryDown',
  'MapgateTemporaryAnswers',
  'MapgateShedLookups',
  'MapgateHitRatioCollapsed',
  'MapgateCertificateExpiring',
  'MapgateTokenFailing',
  'MapgateReloadFailed',
]

async function alerts() {
  const rules = parse(await readFile(join(FOLDER, 'mapgate.rules.yaml'), 'utf8')) as Rules
  return rules.groups.flatMap((group) => group.rules).filter((rule) => rule.alert !== undefined)
}

beforeEach((context) => {
  skipWithout(context, missingProgram('promtool') && 'needs promtool: apt-get install prometheus')
})

test('every rule is valid', async () => {
  const { status, stderr } = await run('promtool', ['check', 'rules', 'mapgate.rules.yaml'], { cwd: FOLDER })
  expect([status, stderr]).toEqual([0, ''])
})

test('each alert fires when it should and stays quiet when it should', async () => {
  const { status, stdout } = await run('promtool', ['test', 'rules', 'mapgate.rules.test.yaml'], {
    cwd: FOLDER,
  })
  expect(stdout).toContain('SUCCESS')
  expect(status).toBe(0)
})

test('the example configuration is valid', async () => {
  const { status } = await run('promtool', ['check', 'config', 'prometheus.yaml'], { cwd: FOLDER })
  expect(status).toBe(0)
})

test('a loss of data pages within a minute: no wait, and scrapes and looks often enough', async () => {
  const { groups } = parse(await readFile(join(FOLDER, 'mapgate.rules.yaml'), 'utf8')) as Rules
  const group = groups.find(({ rules }) => rules.some(({ alert }) => alert === 'MapgateDataLost'))
  expect(group?.rules.find(({ alert }) => alert === 'MapgateDataLost')).not.toHaveProperty('for')
  expect(group?.interval).toBe('15s')
  const example = parse(await readFile(join(FOLDER, 'prometheus.yaml'), 'utf8'))
  expect(example).toMatchObject({ scrape_configs: [{ scrape_interval: '15s' }] })
})

test('every alert has its tests, a severity, and a place in the documents that says what to do', async () => {
  const unitTests = await readFile(join(FOLDER, 'mapgate.rules.test.yaml'), 'utf8')
  const page = await readFile(join(ROOT, 'docs/troubleshooting.md'), 'utf8')
  const found = await alerts()
  expect(found.map((rule) => rule.alert)).toEqual(expect.arrayContaining(ALERTS))
  for (const { alert = '', labels, annotations } of found) {
    expect(unitTests).toContain(`alertname: ${alert}`)
    expect(['page', 'ticket']).toContain(labels?.severity)
    expect(annotations?.runbook).toBe(`docs/troubleshooting.md#${alert.toLowerCase()}`)
    expect(page).toContain(`### ${alert}\n`)
  }
})
