/**
 * A protocol and an upstream kind from the tests, in one configuration, as the commands of the program see them:
 * check, main-cf, query and status. Nothing in them knows either by name.
 */
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { check } from '../../../src/commands/check/check.ts'
import { printMainCf } from '../../../src/commands/main-cf/main-cf.ts'
import { query } from '../../../src/commands/query/query.ts'
import { status } from '../../../src/commands/status/status.ts'
import { protocolsByName } from '../../../src/protocols/registry.ts'
import { socketmap } from '../../../src/protocols/socketmap/protocol.ts'
import { tcpTable } from '../../../src/protocols/tcp-table/protocol.ts'
import { kindsByName, UPSTREAM_KINDS } from '../../../src/upstreams/registry.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { toy } from '../../support/toy/protocol.ts'
import { echo } from '../../support/toy/upstream.ts'

const KINDS = {
  protocols: protocolsByName([socketmap, tcpTable, toy]),
  upstreams: kindsByName([...UPSTREAM_KINDS.values(), echo]),
}

const yaml = (suffix = '@b.example') => `
listeners:
  - { protocol: toy, listen: "inet:127.0.0.1:0", table: aliases, wish: tomorrow }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { back: { suffix: "${suffix}" } }
tables: { aliases: { upstream: back, usedBy: virtual_alias_maps, recipientDelimiter: "" } }
`

async function start() {
  const options = { protocols: KINDS.protocols, upstreamKinds: [echo] }
  const gateway = await startGateway({ onTestFinished }, yaml(), options)
  const file = join(gateway.folder, 'mapgate.yaml')
  const { port } = gateway.address('toy')
  return { gateway, file, port, admin: gateway.adminUrl }
}

describe('check', () => {
  test('finds nothing to complain of, and asks the kind its canary', async () => {
    const { file, gateway } = await start()
    gateway.write(yaml().replace('virtual_alias_maps', 'virtual_alias_maps, canary: { key: root@a.example }'))
    const io = recordIo()
    expect(await check({ config: file, ask: true }, io, undefined, KINDS)).toBe(0)
    expect(io.out()).toMatch(
      /: fine: 1 table, 1 upstream, 1 listener, 1 warning\naliases {2}back 0:echo {2}found "root@b\.example", \d+ ms\n$/,
    )
  })

  test('reports what the kind and the protocol find wrong', async () => {
    const { file, gateway } = await start()
    gateway.write(yaml('b.example').replace('tomorrow', '"some day"'))
    const io = recordIo()
    expect(await check({ config: file }, io, undefined, KINDS)).toBe(1)
    expect(io.err().replaceAll(file, 'FILE')).toBe(
      `FILE:5:30: upstreams.back.suffix: does not begin with "@"; add it
FILE:3:72: listeners[0].wish: warning: has more than one word; toys forget them
`,
    )
  })
})

test('main-cf writes what the protocol says of its listener', async () => {
  const { file, gateway } = await start()
  gateway.write(yaml().replace('127.0.0.1:0"', '127.0.0.1:8999"'))
  const io = recordIo()
  expect(await printMainCf({ config: file }, io, KINDS)).toBe(0)
  expect(io.out()).toBe('# a toy that says tomorrow\nvirtual_alias_maps = toy:127.0.0.1:8999\n')
})

describe('query', () => {
  const asked: [key: string, code: number, value: string, said: string][] = [
    ['info@a.example', 0, 'info@b.example\n', ''],
    ['info', 1, '', 'mapgate query: not found\n'],
    ['later@a.example', 75, '', 'mapgate query: temporary (service): LATER: tomorrow\n'],
  ]
  for (const [key, code, value, said] of asked) {
    test(`says ${code} for ${key} over the wire`, async () => {
      const { port } = await start()
      const io = recordIo()
      expect(await query(`toy:127.0.0.1:${port}`, key, {}, io, KINDS.protocols)).toBe(code)
      expect([io.out(), io.err()]).toEqual([value, said])
    })
  }

  test('explains by the admin API which upstream answered, and what clients of the protocol would read', async () => {
    const { admin } = await start()
    const io = recordIo()
    expect(await query('aliases', 'Info@a.example', { admin, explain: true }, io, KINDS.protocols)).toBe(0)
    expect(io.out()).toBe(
      `  1. key         searched as info@a.example
  2. upstream    back, info@a.example, echo: found: info@b.example
  3. answer      from echo, found: info@b.example
     socketmap   "17:OK info@b.example," (21 bytes)
     tcp_table   "200 info@b.example\\n" (19 bytes)
     toy         "YES info@b.example\\n" (19 bytes)
`,
    )
  })
})

describe('status', () => {
  test('has a row of the upstream by its kind, and one of the listener by its protocol', async () => {
    const { admin, port } = await start()
    const io = recordIo()
    expect(await status({ admin }, io)).toBe(0)
    expect(io.out()).toMatch(/^back +\(echo\) /m)
    expect(io.out()).toMatch(new RegExp(`^inet:127\\.0\\.0\\.1:${port} +toy +0$`, 'm'))
  })

  test('has the state of the kind as JSON', async () => {
    const { admin } = await start()
    const io = recordIo()
    await status({ admin, json: true }, io)
    expect(JSON.parse(io.out())).toMatchObject({
      protocols: ['socketmap', 'tcp_table', 'toy'],
      upstreams: [{ name: 'back', kind: 'echo', suffixLength: 10 }],
    })
  })
})
