/**
 * Every upstream kind keeps the same contract: those of the program, and one from the tests.
 */
import { onTestFinished } from 'vitest'
import { temporary } from '../../../src/core/result.ts'
import { functions } from '../../../src/upstreams/function/kind.ts'
import { type HttpSettings, type HttpTable, http } from '../../../src/upstreams/http/kind.ts'
import { entries } from '../../../src/upstreams/static/kind.ts'
import { requestSettings, responseSettings, upstreamSettings } from '../../support/http-endpoint.ts'
import { startHttpService } from '../../support/http-service.ts'
import { echo } from '../../support/toy/upstream.ts'
import { upstreamKindContract } from '../../support/upstream-kind-contract.ts'

const TABLE = { name: 'aliases', foldCase: true, sideEffects: false }

upstreamKindContract('http', async () => {
  const service = await startHttpService({ onTestFinished })
  service.route('/a', { text: 'b' })
  service.route('/nobody', { status: 204 })
  service.otherwise = { status: 500 }
  const settingsFor = (origins: readonly string[]): HttpSettings => ({
    ...upstreamSettings(
      origins.map((origin) => ({ origin, url: origin, label: origin.slice('http://'.length) })),
    ),
    kind: 'http',
    attempts: 1,
    maxQueued: 10,
    circuitBreaker: { failures: 5, openForMs: 1000 },
    hedgeAfterMs: undefined,
  })
  const table: HttpTable = {
    ...TABLE,
    request: requestSettings({ path: '/{key}' }),
    response: responseSettings(),
    batch: undefined,
    canary: undefined,
  }
  return {
    kind: http,
    settings: settingsFor([service.origin]),
    changed: settingsFor(['http://127.0.0.1:1']),
    table,
    found: { key: 'a', value: 'b' },
    absentKey: 'nobody',
    unknownKey: 'other',
    probes: 1,
    source: 'upstream',
  }
})

upstreamKindContract('function', async () => ({
  kind: functions,
  settings: {
    kind: 'function',
    name: 'aliases',
    call: (key) => (key === 'a' ? 'b' : key === 'later' ? temporary('service', 'later') : undefined),
  },
  changed: { kind: 'function', name: 'aliases', call: () => 'c' },
  table: TABLE,
  found: { key: 'a', value: 'b' },
  absentKey: 'nobody',
  unknownKey: 'later',
  probes: 0,
  source: 'upstream',
}))

upstreamKindContract('static', async () => ({
  kind: entries,
  settings: { kind: 'static', name: 'overrides', entries: new Map([['a', ['b', 'c']]]) },
  changed: { kind: 'static', name: 'overrides', entries: new Map() },
  table: { ...TABLE, response: { separator: ', ' } },
  found: { key: 'a', value: 'b, c' },
  absentKey: 'nobody',
  probes: 0,
  source: 'static',
}))

upstreamKindContract('echo', async () => ({
  kind: echo,
  settings: { kind: 'echo', name: 'echo', suffix: '@b.example' },
  changed: { kind: 'echo', name: 'echo', suffix: '@c.example' },
  table: { ...TABLE, loud: false },
  found: { key: 'a@a.example', value: 'a@b.example' },
  absentKey: 'nobody',
  unknownKey: 'later@a.example',
  probes: 1,
  source: 'echo',
}))
