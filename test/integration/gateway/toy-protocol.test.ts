/**
 * A protocol that is registered from here goes through the whole program: configuration, checks, listener, metrics,
 * log, explanation, page data, main.cf and query.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { mainCf } from '../../../src/commands/main-cf/lines.ts'
import { query } from '../../../src/commands/query/query.ts'
import type { ConfigError } from '../../../src/config/issue.ts'
import { parseConfig, SETTINGS_KINDS } from '../../../src/gateway/load-config.ts'
import { totals } from '../../../src/presentation/rates.ts'
import { protocolsByName } from '../../../src/protocols/registry.ts'
import { socketmap } from '../../../src/protocols/socketmap/protocol.ts'
import { tcpTable } from '../../../src/protocols/tcp-table/protocol.ts'
import { UPSTREAM_KINDS } from '../../../src/upstreams/registry.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { toy } from '../../support/toy/protocol.ts'
import { talkTo, until } from '../../support/wire/sockets.ts'

const PROTOCOLS_AND_TOY = protocolsByName([socketmap, tcpTable, toy])
const KINDS = { ...SETTINGS_KINDS, protocols: [...PROTOCOLS_AND_TOY.values()] }

const LONG = 'v'.repeat(101)
const TABLES = `
upstreams: { fixed: { entries: { "a@b.example": "x@y.example", "long@b.example": "${LONG}" } } }
tables: { aliases: { upstream: fixed } }
`
const CONFIG = `
listeners:
  - { protocol: toy, listen: "inet:127.0.0.1:0", table: aliases, wish: tomorrow }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
log: { level: debug }
${TABLES}`

async function start() {
  const gateway = await startGateway({ onTestFinished }, CONFIG, { protocols: PROTOCOLS_AND_TOY })
  const get = async (path: string) => (await fetch(`${gateway.adminUrl}${path}`)).text()
  return { gateway, get, address: gateway.address('toy') }
}

describe('a listener of a protocol that is registered from a test', () => {
  const wrong: [listener: string, problem: string][] = [
    [
      '{ protocol: toy, listen: "inet:127.0.0.1:1", table: aliasses }',
      'c.yaml:2:70: listeners[0].table: there is no table "aliasses"; did you mean "aliases"',
    ],
    ['{ protocol: toy, listen: "inet:127.0.0.1:1" }', '"table" is missing; add it'],
    [
      '{ protocol: toy, listen: "inet:127.0.0.1:1", table: aliases, wich: x }',
      'unknown key "wich"; did you mean "wish"',
    ],
    [
      '{ protocol: toy, listen: "inet:127.0.0.1:1", table: aliases, tables: [aliases] }',
      '"tables" belongs to socketmap; a toy listener has "table" and "wish"',
    ],
    [
      '{ protocol: socketmap, listen: "inet:127.0.0.1:1", wish: x }',
      '"wish" belongs to toy; a socketmap listener has "tables" and "client"',
    ],
    ['{ protocol: toi, listen: "inet:127.0.0.1:1" }', 'did you mean "toy"'],
  ]
  for (const [listener, problem] of wrong) {
    test(`is checked: ${problem}`, async () => {
      const text = `listeners:\n  - ${listener}\n${TABLES}`
      const error = await parseConfig(text, 'c.yaml', { kinds: KINDS }).then(
        () => undefined,
        (error: ConfigError) => error.message,
      )
      expect(error).toContain(problem.replace(/^c\.yaml:\d+:\d+: /, ''))
    })
  }

  test('has the defaults and the warnings of its protocol', async () => {
    const listener = '{ protocol: toy, listen: "inet:127.0.0.1:1", table: aliases, wish: "two words" }'
    const config = await parseConfig(`listeners:\n  - ${listener}\n${TABLES}`, 'c.yaml', { kinds: KINDS })
    expect(config.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('has more than one word; toys forget them'),
    ])
    expect(config.listeners[0]).toMatchObject({
      protocol: 'toy',
      own: { table: 'aliases', wish: 'two words' },
    })
  })

  test('is unknown where it is not registered', async () => {
    await expect(parseConfig(CONFIG, 'c.yaml')).rejects.toThrow('"toy" is not known')
  })
})

test('what its clients get is what is counted, logged and shown, and no secret is anywhere', async () => {
  const { gateway, get, address } = await start()
  const client = await talkTo(address)
  client.send('user=bob\npassword=geheim-1234\nkey=a@b.example\n\n')
  await client.expect('YES x@y.example\n')
  client.send('user=bob\npassword=geheim-1234\nkey=long@b.example\n\n')
  await client.expect('LATER: tomorrow\n')

  const metrics = await get('/metrics')
  expect(metrics).toContain('mapgate_lookups_total{protocol="toy",table="aliases",result="found"} 1\n')
  expect(metrics).toContain('mapgate_lookups_total{protocol="toy",table="aliases",result="temporary"} 1\n')
  expect(metrics).toContain('mapgate_lookup_failures_total{table="aliases",cause="too-long"} 1\n')

  client.send('user=bob\n\n')
  expect(await client.closed).toBe('ended')
  const after = await get('/metrics')
  expect(after).toContain('mapgate_protocol_errors_total{listener="inet:127.0.0.1:0",kind="no-key"} 1\n')
  expect(after).toContain('mapgate_lookups_total{protocol="toy",table="",result="temporary"} 1\n')

  await until(() => gateway.log().filter(({ event }) => event === 'lookup').length === 3)
  expect(gateway.log().filter(({ event }) => event === 'lookup')).toMatchObject([
    { level: 'debug', protocol: 'toy', key: 'a@b.example', attributes: { user: 'bob' }, result: 'found' },
    { level: 'warn', protocol: 'toy', attributes: { user: 'bob' }, cause: 'too-long', result: 'temporary' },
    { level: 'warn', protocol: 'toy', table: '', cause: 'unreadable' },
  ])
  const everything = [
    after,
    await get('/api/v1/status'),
    await get('/api/v1/problems'),
    JSON.stringify(gateway.log()),
  ]
  expect(everything.join()).not.toContain('geheim')
})

test('the admin API explains what its clients would be told', async () => {
  const { get } = await start()
  const answer = JSON.parse(await get('/api/v1/tables/aliases/lookup?key=long@b.example&explain=true'))
  expect(answer).toMatchObject({
    result: { kind: 'found' },
    tooLongFor: ['toy'],
    wire: {
      toy: { reply: 'LATER: tomorrow\n', bytes: 16, result: { kind: 'temporary', cause: 'too-long' } },
      socketmap: { reply: `104:OK ${LONG},`, result: { kind: 'found' } },
    },
  })
})

test('the page lists it, and counts its lookups as mail', async () => {
  const { get, address } = await start()
  const status = JSON.parse(await get('/api/v1/status'))
  expect(status.protocols).toEqual(['socketmap', 'tcp_table', 'toy'])
  expect(status.listeners).toMatchObject([{ protocol: 'toy', connections: 0 }])
  const client = await talkTo(address)
  client.send('key=a@b.example\n\n')
  await client.expect('YES x@y.example\n')
  const point = async () => JSON.parse(await get('/api/v1/history')).points.at(-1)
  await expect
    .poll(point, { timeout: 10_000 })
    .toMatchObject({ protocols: { toy: { results: { found: 1 } } } })
  const points = JSON.parse(await get('/api/v1/history')).points
  expect(totals(points, { kind: 'mail' }).lookups).toBe(1)
})

test('main-cf writes its lines', async () => {
  const config = await parseConfig(
    `listeners:
  - { protocol: toy, listen: "inet:127.0.0.1:8999", table: aliases, wish: later }
  - { protocol: toy, listen: "unix:/run/toy", table: aliases }
upstreams: { fixed: { entries: {} } }
tables: { aliases: { upstream: fixed, usedBy: virtual_alias_maps } }`,
    'c.yaml',
    { kinds: KINDS },
  )
  expect(
    mainCf(config, { protocols: PROTOCOLS_AND_TOY, upstreams: UPSTREAM_KINDS }),
  ).toBe(`# a toy that says later
virtual_alias_maps = toy:127.0.0.1:8999

# table aliases:
# daemons in a chroot find it only below their queue_directory, which is usually /var/spool/postfix
toy_table = aliases
toy_path = /run/toy
`)
})

test('query asks it over the wire, greeting first', async () => {
  const { address } = await start()
  const io = recordIo()
  expect(await query(`toy:127.0.0.1:${address.port}`, 'a@b.example', {}, io, PROTOCOLS_AND_TOY)).toBe(0)
  expect(io.out()).toBe('x@y.example\n')
  expect(await query(`toy:127.0.0.1:${address.port}`, 'nobody@b.example', {}, io, PROTOCOLS_AND_TOY)).toBe(1)
  await expect(query('boy:127.0.0.1:1', 'a', {}, io, PROTOCOLS_AND_TOY)).rejects.toThrow(
    'tcp:HOST:PORT or toy:HOST:PORT',
  )
})
