/**
 * Tables that clients write, over both protocols, in a whole gateway: a reload changes nothing of it, an operator looks at
 * it and moves it, and a purge removes it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { purge } from '../../../src/commands/purge/purge.ts'
import { query } from '../../../src/commands/query/query.ts'
import { store } from '../../../src/commands/store/store.ts'
import { loadConfig } from '../../../src/gateway/load-config.ts'
import { Gateway } from '../../../src/gateway.ts'
import { type RecordedIo, recordIo } from '../../support/gateway/command-io.ts'
import { lookup, sequence, TextClient, update } from '../../support/wire/text-client.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function configure(path: string, ttl = '30d'): string {
  const file = join(path, 'mapgate.yaml')
  writeFileSync(
    file,
    `
listeners:
  - { protocol: proxymap, listen: "unix:${path}/proxymap", write: [verify], greeting: never }
  - { protocol: memcache, listen: "unix:${path}/memcache" }
upstreams:
  learned: { store: { directory: "${path}/store", ttl: ${ttl} } }
  fixed: { entries: { a: b } }
tables:
  verify: { upstream: learned, usedBy: [address_verify_map] }
  aliases: { upstream: fixed }
admin: { listen: "unix:${path}/admin", anonymous: operator }
log: { level: silent }
`,
  )
  return file
}

async function start(file: string): Promise<Gateway> {
  const gateway = await Gateway.start({ load: () => loadConfig(file), version: 'test' })
  onTestFinished(() => gateway.stop())
  return gateway
}

test('what one protocol writes the other finds, and both scan, delete and purge it', async () => {
  const path = folder()
  const gateway = await start(configure(path))
  const proxymap = await TextClient.to(`${path}/proxymap`)
  const memcache = await TextClient.to(`${path}/memcache`)
  expect(await proxymap.ask(update('Ann@a.example', '0:1:2:fine'), '||')).toBe('status|0||')
  expect(await memcache.ask('get verify/Ann@a.example\r\n', 'END\r\n')).toContain('0:1:2:fine')
  expect(await memcache.ask('set verify/bob@a.example 0 3600 2\r\nok\r\n', '\r\n')).toBe('STORED\r\n')
  expect(await proxymap.ask(sequence(0), '||')).toBe('status|0|key|Ann@a.example|value|0:1:2:fine||')
  expect(await memcache.ask('delete verify/Ann@a.example\r\n', '\r\n')).toBe('DELETED\r\n')
  expect(await proxymap.ask(lookup('Ann@a.example'), '||')).toBe('status|1|value|||')
  expect(await proxymap.ask(sequence(1), '||')).toBe('status|0|key|bob@a.example|value|ok||')
  expect(await proxymap.ask(sequence(1), '||')).toBe('status|1|key||value|||')
  expect(await memcache.ask('delete verify/Ann@a.example\r\n', '\r\n')).toBe('NOT_FOUND\r\n')
  expect(await gateway.tables.purge('verify', { kind: 'all' })).toBe(1)
  expect(await proxymap.ask(lookup('bob@a.example'), '||')).toBe('status|1|value|||')
})

test('an operator looks at a table, purges a domain of it, and puts an export back', async () => {
  const path = folder()
  const gateway = await start(configure(path))
  const proxymap = await TextClient.to(`${path}/proxymap`)
  for (const key of ['Ann@a.example', 'bob@b.example', 'carl@a.example'])
    await proxymap.ask(update(key, `0:1:2:${key}`), '||')
  const options = { admin: `unix:${path}/admin` }
  const run = async (command: (io: RecordedIo) => Promise<number>, ...stdin: string[]) => {
    const io = recordIo({ stdin })
    return [await command(io), io.out()] as const
  }
  const exportAll = () => run((io) => store('export', 'verify', options, io))
  expect(await run((io) => query('verify', 'Ann@a.example', options, io))).toEqual([
    0,
    '0:1:2:Ann@a.example\n',
  ])
  expect(await run((io) => query('verify', 'ann@a.example', options, io))).toEqual([1, ''])
  const [, exported] = await exportAll()
  expect(exported.match(/"key":"[^"]*"/g)).toEqual([
    '"key":"Ann@a.example"',
    '"key":"bob@b.example"',
    '"key":"carl@a.example"',
  ])
  expect(await run((io) => purge('verify', '@a.example', options, io))).toEqual([
    0,
    'verify: 2 entries removed\n',
  ])
  expect(await proxymap.ask(lookup('Ann@a.example'), '||')).toBe('status|1|value|||')
  expect(await proxymap.ask(sequence(0), '||')).toBe('status|0|key|bob@b.example|value|0:1:2:bob@b.example||')
  expect(await run((io) => purge('verify', undefined, options, io))).toEqual([0, 'verify: 1 entry removed\n'])
  expect(await exportAll()).toEqual([0, ''])
  const imported = await run((io) => store('import', 'verify', options, io), exported)
  expect(imported).toEqual([0, 'verify: 3 lines imported\n'])
  expect(await exportAll()).toEqual([0, exported])
  expect(await proxymap.ask(lookup('Ann@a.example'), '||')).toBe('status|0|value|0:1:2:Ann@a.example||')
  await expect(run((io) => store('list', 'aliases', options, io))).rejects.toMatchObject({ exitCode: 77 })
  expect(gateway.status().upstreams.find(({ name }) => name === 'learned')).toMatchObject({
    store: { entries: 3 },
  })
})

for (const place of ['/proc/mapgate/store', '/proc/self/nosuch'])
  test(`a store in ${place} is refused at the start, and a reload with it keeps the running one`, async () => {
    const path = folder()
    const file = configure(path)
    const gateway = await start(file)
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, good.replace(`${path}/store`, place))
    expect(await gateway.reload()).toMatchObject({
      ok: false,
      issues: [
        expect.stringMatching(/store\.directory: "\/proc.*": it is on proc; take a folder on a local disk/),
      ],
    })
    const memcache = await TextClient.to(`${path}/memcache`)
    expect(await memcache.ask('set verify/a 0 0 1\r\n1\r\n', '\r\n')).toBe('STORED\r\n')
    await expect(start(file)).rejects.toThrow(/"\/proc.*": it is on proc; take a folder on a local disk/)
  })

test('a table that is not to be written, or not of a store, is not changed', async () => {
  const path = folder()
  await start(configure(path))
  const proxymap = await TextClient.to(`${path}/proxymap`)
  const memcache = await TextClient.to(`${path}/memcache`)
  expect(await proxymap.ask('request|update|table|mapgate:aliases|flags|0|key|a|value|x||', '||')).toBe(
    'status|5||',
  )
  expect(await memcache.ask('set aliases/a 0 0 1\r\nx\r\n', '\r\n')).toBe(
    'SERVER_ERROR this table is read-only\r\n',
  )
  expect(await memcache.ask('get aliases/a\r\n', 'END\r\n')).toContain('\r\nb\r\n')
})

test('a reload with another ttl keeps entries and connections, and one that removes the store closes it', async () => {
  const path = folder()
  const file = configure(path)
  const gateway = await start(file)
  const proxymap = await TextClient.to(`${path}/proxymap`)
  await proxymap.ask(update('a', '1'), '||')
  configure(path, '1d')
  expect(await gateway.reload()).toMatchObject({ ok: true })
  expect(await proxymap.ask(lookup('a'), '||')).toBe('status|0|value|1||')
  expect(await proxymap.ask(update('b', '2'), '||')).toBe('status|0||')
  expect(gateway.status().upstreams.find(({ name }) => name === 'learned')).toMatchObject({
    store: { entries: 2 },
  })
})

test('a write that comes while the gateway starts waits until its table is there', async () => {
  const path = folder()
  const file = configure(path)
  const more = Array.from(
    { length: 200 },
    () => '  - { protocol: memcache, listen: "inet:127.0.0.1:0", maxConnections: 1 }',
  )
  writeFileSync(file, readFileSync(file, 'utf8').replace('upstreams:', `${more.join('\n')}\nupstreams:`))
  const early = async () => (await TextClient.to(`${path}/proxymap`)).ask(update('a', '1'), '||')
  const [gateway, reply] = await Promise.all([start(file), early()])
  expect(reply).toBe('status|0||')
  expect(gateway.status().upstreams.find(({ name }) => name === 'learned')).toMatchObject({
    store: { entries: 1 },
  })
})
