/**
 * Every upstream kind keeps the contract of the port: those of the program, a table with a replica, and one from the tests.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Attributes } from '../../../src/core/attributes.ts'
import { temporary } from '../../../src/core/result.ts'
import { parseConfig } from '../../../src/gateway/load-config.ts'
import { type FunctionSettings, functions } from '../../../src/upstreams/function/kind.ts'
import type { HttpTable } from '../../../src/upstreams/http/asked-table.ts'
import { type HttpSettings, http } from '../../../src/upstreams/http/kind.ts'
import { type JwksSettings, type JwksTable, jwks } from '../../../src/upstreams/jwks/kind.ts'
import { kindsByName } from '../../../src/upstreams/registry.ts'
import { entries, type StaticSettings } from '../../../src/upstreams/static/kind.ts'
import type { StoreSettings } from '../../../src/upstreams/store/configuration.ts'
import { store } from '../../../src/upstreams/store/kind.ts'
import { upstreamKindContract } from '../../support/contracts/upstream-kind.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { startTokenIssuer } from '../../support/http/token-issuer.ts'
import { echo } from '../../support/toy/upstream.ts'

const TABLE = { name: 'aliases', foldCase: true, sideEffects: false }

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-kinds-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The settings of one upstream and its table, as a configuration file has them. */
async function configured<S, T>(upstream: object, table: object = {}): Promise<{ settings: S; table: T }> {
  const text = JSON.stringify({
    listeners: [{ protocol: 'socketmap', listen: 'inet:127.0.0.1:0' }],
    upstreams: { directory: upstream },
    tables: { aliases: { upstream: 'directory', ...table } },
  })
  const { upstreams, tables } = await parseConfig(text, 'kinds.yaml')
  return { settings: upstreams.get('directory') as S, table: tables.get('aliases') as T }
}

for (const replica of [false, true])
  upstreamKindContract(
    'http',
    async () => {
      const service = await startHttpService({ onTestFinished })
      service.otherwise = ({ url }) =>
        url === '/a'
          ? { text: 'b' }
          : url === '/nobody'
            ? { status: 204 }
            : url === '/all'
              ? { json: { a: 'b' } }
              : { status: 500 }
      const asTable = {
        request: { path: '/{key}' },
        ...(replica && { replica: { path: '/all', directory: folder() } }),
      }
      const of = (origin: string) =>
        configured<HttpSettings, HttpTable>({ endpoints: [origin], attempts: 1 }, asTable)
      const { settings, table } = await of(service.origin)
      return {
        kind: http,
        settings,
        changed: (await of('http://127.0.0.1:1')).settings,
        table,
        found: { key: 'a', value: 'b' },
        absentKey: 'nobody',
        unknownKey: 'other',
        probes: 1,
        source: 'upstream',
      }
    },
    replica ? ' with a replica of its table' : '',
  )

upstreamKindContract<FunctionSettings, typeof TABLE>('function', async () => ({
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

upstreamKindContract('static', async () => {
  const { settings } = await configured<StaticSettings, unknown>({ entries: { a: ['b', 'c'] } })
  return {
    kind: entries,
    settings,
    changed: { ...settings, entries: new Map() },
    table: { ...TABLE, response: { separator: ', ' } },
    found: { key: 'a', value: 'b, c' },
    absentKey: 'nobody',
    probes: 0,
    source: 'static',
  }
})

upstreamKindContract('store', async () => {
  const settingsFor = async (directory: string) =>
    (await configured<StoreSettings, unknown>({ store: { directory } })).settings
  return {
    kind: store,
    settings: await settingsFor(folder()),
    changed: await settingsFor(folder()),
    table: TABLE,
    async prepare(shared) {
      const written = await shared.forTable(TABLE).store?.put('a', 'b', {})
      expect(written).toEqual({ kind: 'done' })
    },
    found: { key: 'a', value: 'b' },
    absentKey: 'nobody',
    probes: 0,
    source: 'store',
  }
})

upstreamKindContract('jwks', async () => {
  const issuer = await startTokenIssuer({ onTestFinished })
  const of = (url: string) =>
    configured<JwksSettings, JwksTable>(
      { jwks: { url } },
      { jwt: { issuer: issuer.name, audience: ['mail'], user: 'email' } },
    )
  const { settings, table } = await of(issuer.url)
  const tokens = new Map([
    ['good', await issuer.token()],
    ['over', await issuer.token({ exp: 1 })],
    ['nameless', await issuer.token({ email: undefined })],
  ])
  return {
    kind: jwks,
    settings,
    changed: (await of('http://127.0.0.1:1/')).settings,
    table,
    attributesOf: (key) => new Attributes([], [['token', tokens.get(key) ?? '']]),
    found: { key: 'good', value: 'bob@a.example' },
    absentKey: 'over',
    unknownKey: 'nameless',
    probes: 0,
    fetches: ['keys'],
    source: 'upstream',
  }
})

upstreamKindContract('echo', async () => ({
  kind: echo,
  settings: { kind: 'echo', name: 'echo', suffix: '@b.example', licence: 'licences.example:1' },
  changed: { kind: 'echo', name: 'echo', suffix: '@c.example', licence: '' },
  table: { ...TABLE, loud: false },
  found: { key: 'a@a.example', value: 'a@b.example' },
  absentKey: 'nobody',
  unknownKey: 'later@a.example',
  probes: 1,
  fetches: ['licence'],
  source: 'echo',
}))

test('two kinds of one name are refused', () => {
  expect(() => kindsByName([http, echo, http])).toThrow('two upstream kinds have one name')
})
