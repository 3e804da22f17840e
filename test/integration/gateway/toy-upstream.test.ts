/**
 * An upstream kind from the tests goes the whole way: nothing in the program knows it by name.
 */
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { askCanaries } from '../../../src/commands/check/ask.ts'
import { ConfigError } from '../../../src/config/issue.ts'
import { found, notFound } from '../../../src/core/result.ts'
import { descriptorNeed } from '../../../src/gateway/descriptor-budget.ts'
import { loadConfig, SETTINGS_KINDS } from '../../../src/gateway/load-config.ts'
import { memoryWarning } from '../../../src/gateway/memory-budget.ts'
import { PROTOCOLS } from '../../../src/protocols/registry.ts'
import { kindsByName } from '../../../src/upstreams/registry.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway, type TestGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { echo } from '../../support/toy/upstream.ts'

const yaml = (suffix: string, more = 'loud: true') => `${TWO_LISTENERS}
upstreams: { back: { suffix: "${suffix}" } }
tables: { aliases: { upstream: back, ${more} } }
`

const start = (text = yaml('@b.example')): Promise<TestGateway> =>
  startGateway({ onTestFinished }, text, { upstreamKinds: [echo] })

const configOf = ({ folder }: TestGateway) =>
  loadConfig(join(folder, 'mapgate.yaml'), {
    kinds: { ...SETTINGS_KINDS, upstreams: [echo.configuration ?? []].flat() },
  })

const getJson = async (gateway: TestGateway, path: string): Promise<Record<string, unknown>> =>
  Object(await (await fetch(`${gateway.adminUrl}/api/v1/${path}`)).json())

describe('an upstream kind that is registered from outside', () => {
  test('is configured by its own keys, and refused by its own checks', async () => {
    const error = await start(yaml('b.example')).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain('upstreams.back.suffix: does not begin with "@"; add it')
    const unknown = await start(yaml('@b.example', 'lout: true')).catch((thrown) => thrown)
    expect(unknown.message).toContain('unknown key "lout"; did you mean "loud"')
  })

  test('answers through listeners of both protocols', async () => {
    const gateway = await start()
    expect(await gateway.socketmap().lookup('aliases', 'info@a.example')).toEqual(found('INFO@B.EXAMPLE'))
    expect(await gateway.tcpTable().lookup('info@a.example')).toEqual(found('INFO@B.EXAMPLE'))
    expect(await gateway.socketmap().lookup('aliases', 'info')).toEqual(notFound())
    expect(await gateway.socketmap().lookup('aliases', 'later@a.example')).toMatchObject({
      kind: 'temporary',
      reason: 'the echo is late',
    })
  })

  test('is counted under its own word, and brings its own metric', async () => {
    const gateway = await start()
    await gateway.socketmap().lookup('aliases', 'info@a.example')
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/^mapgate_lookup_duration_seconds_count\{table="aliases",source="echo"\} 1$/m)
    expect(metrics).toMatch(/^# HELP mapgate_echo_suffix_length Characters of the suffix, by upstream\.$/m)
    expect(metrics).toMatch(/^mapgate_echo_suffix_length\{upstream="back"\} 10$/m)
    expect(metrics).not.toMatch(/^mapgate_upstream_in_flight\{/m)
  })

  test('is explained and shown by the admin API, which the page and the commands read', async () => {
    const gateway = await start()
    const { result, steps } = await getJson(
      gateway,
      'tables/aliases/lookup?key=info%40a.example&explain=true',
    )
    expect(result).toMatchObject({ kind: 'found', value: 'INFO@B.EXAMPLE' })
    expect(steps).toContainEqual(
      expect.objectContaining({ step: 'upstream', kind: 'echo', upstream: 'back', key: 'info@a.example' }),
    )
    expect((await getJson(gateway, 'status')).upstreams).toEqual([
      { name: 'back', kind: 'echo', inFlight: 0, queued: 0, endpoints: [], suffixLength: 10 },
    ])
  })

  const licensed = (licence: string) =>
    yaml('@b.example').replace('suffix:', `licence: "${licence}", suffix:`)

  test('shows what it fetches for itself in the status and by check', async () => {
    const gateway = await start(licensed('licences.example:1'))
    const { degraded, upstreams } = await getJson(gateway, 'status')
    expect(degraded).toEqual([])
    const fetches = [
      {
        what: 'licence',
        title: 'licence',
        endpoint: 'licences.example:1',
        state: 'valid',
        detail: 'for one echo',
        fetchedAtMs: 1_767_225_600_000,
      },
    ]
    expect(upstreams).toMatchObject([{ kind: 'echo', fetches }])
    const io = recordIo()
    expect(await askCanaries(await configOf(gateway), io, kindsByName([echo]))).toBe(true)
    expect(io.out()).toBe(
      'back  licence of licences.example:1  for one echo\naliases  back  not asked: it has no canary\n',
    )
  })

  test('has its troubles in the status, the log, the problems and in check', async () => {
    const gateway = await start(licensed('nowhere:1'))
    const { degraded, upstreams } = await getJson(gateway, 'status')
    expect(degraded).toEqual(['upstream back: nobody gives a licence; pay for one'])
    expect(upstreams).toMatchObject([{ fetches: [{ what: 'licence', state: 'failing' }] }])
    expect((await getJson(gateway, 'problems')).problems).toMatchObject([
      { kind: 'echo', where: 'back', text: 'the echo is unlicensed', count: 1 },
      { kind: 'licence', where: 'back', text: 'nobody gives a licence; pay for one', count: 1 },
    ])
    const io = recordIo()
    expect(await askCanaries(await configOf(gateway), io, kindsByName([echo]))).toBe(false)
    expect(io.out()).toContain('back  licence of nowhere:1  nobody gives a licence; pay for one\n')
    expect(await gateway.socketmap().lookup('aliases', 'info@a.example')).toEqual(found('INFO@B.EXAMPLE'))
    const lines = () => gateway.log().filter(({ upstream }) => upstream === 'back')
    await expect.poll(() => lines().length).toBe(2)
    expect(lines()).toMatchObject([
      {
        level: 'warn',
        event: 'licence',
        state: 'failing',
        failure: 'nobody gives a licence; pay for one',
        msg: 'there is no licence',
      },
      { level: 'warn', event: 'echo', msg: 'the echo is unlicensed' },
    ])
  })

  test('follows a reload, which says what changed', async () => {
    const gateway = await start()
    gateway.write(yaml('@c.example', 'loud: false'))
    expect(await gateway.gateway.reload()).toMatchObject({
      ok: true,
      changes: ['upstream back changed', 'table aliases changed'],
    })
    expect(await gateway.socketmap().lookup('aliases', 'info@a.example')).toEqual(found('info@c.example'))
  })

  test('decides what answers mean: the fingerprint of its table changes with it', async () => {
    const fingerprint = async (suffix: string, more?: string) =>
      (await configOf(await start(yaml(suffix, more)))).tables.get('aliases')?.fingerprint
    const before = await fingerprint('@b.example')
    expect(await fingerprint('@b.example')).toBe(before)
    expect(await fingerprint('@c.example')).not.toBe(before)
    expect(await fingerprint('@b.example', 'loud: false')).not.toBe(before)
  })

  test('counts in the budgets of files and memory', async () => {
    const config = await configOf(await start())
    const kinds = kindsByName([echo])
    expect(descriptorNeed(config, kinds, PROTOCOLS).upstreams).toBe(3)
    expect([memoryWarning(config, kinds, 1334), typeof memoryWarning(config, kinds, 1333)]).toEqual([
      undefined,
      'string',
    ])
  })

  test('is asked its canary by check', async () => {
    const gateway = await start(yaml('@b.example', 'canary: { key: root@a.example }'))
    const io = recordIo()
    expect(await askCanaries(await configOf(gateway), io, kindsByName([echo]))).toBe(true)
    expect(io.out()).toMatch(/^aliases {2}back 0:echo {2}found .*, \d+ ms\n$/)
  })
})
