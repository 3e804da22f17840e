/**
 * From a text to the configuration that the program uses.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TableConfig } from '../../../src/config/config.ts'
import { ConfigError } from '../../../src/config/issue.ts'
import { type LoadOptions, loadConfig, parseConfig } from '../../../src/gateway/load-config.ts'
import type { HttpTable } from '../../../src/upstreams/http/asked-table.ts'
import type { HttpSettings } from '../../../src/upstreams/http/kind.ts'
import { httpTable, httpUpstream, staticUpstream } from '../../support/gateway/settings.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'

const load = (text: string, options: LoadOptions = {}) =>
  parseConfig(text, '/etc/mapgate/mapgate.yaml', { env: {}, ...options })

const withTable = (lines: string): string =>
  `${LISTENERS}\n${UPSTREAMS}\ntables:\n  t:\n    upstream: s\n${lines}`

async function table(lines: string): Promise<TableConfig & HttpTable> {
  return httpTable((await load(withTable(lines))).tables.get('t'))
}

async function upstream(lines: string, options: LoadOptions = {}): Promise<HttpSettings> {
  const text = `${LISTENERS}\nupstreams:\n  d:\n${lines}\n${TABLES}`
  return httpUpstream((await load(text, options)).upstreams.get('d'))
}

const PAIR = selfSignedPair()

describe('listeners and admin', () => {
  const listeners = async (text: string) => (await load(`${text}\n${UPSTREAMS}\n${TABLES}`)).listeners

  test('a listener has loopback networks and 2000 connections where it says nothing', async () => {
    expect(await listeners(LISTENERS)).toEqual([
      {
        protocol: 'socketmap',
        address: { kind: 'inet', host: '127.0.0.1', port: 8464 },
        name: 'inet:127.0.0.1:8464',
        mode: 0o660,
        owner: undefined,
        group: undefined,
        allow: ['127.0.0.0/8', '::1'],
        maxConnections: 2000,
        maxConnectionsPerAddress: 2000,
        own: { tables: undefined, client: 'postfix' },
      },
    ])
  })

  test('a mode is read as octal, and a per-address limit never exceeds that of the listener', async () => {
    const [listener] = await listeners(
      'listeners: [{ protocol: tcp_table, table: t, listen: "unix:/run/a", mode: "0600", group: postfix, maxConnections: 5 }]',
    )
    expect(listener).toMatchObject({
      protocol: 'tcp_table',
      own: { table: 't' },
      mode: 0o600,
      group: 'postfix',
      maxConnectionsPerAddress: 5,
    })
  })

  const anonymous: [listen: string, more: string, role: string][] = [
    ['unix:/run/admin', '', 'operator'],
    ['inet:127.0.0.1:8466', '', 'viewer'],
    ['inet:[::1]:8466', '', 'viewer'],
    ['inet:0.0.0.0:8466', ', tokens: [{ token: 0123456789abcdef-x }]', 'none'],
    ['systemd:admin', ', tokens: [{ token: 0123456789abcdef-x }]', 'none'],
    ['inet:127.0.0.1:8466', ', anonymous: none', 'none'],
  ]
  for (const [listen, more, role] of anonymous) {
    test(`who sends no token to ${listen}${more} is ${role}`, async () => {
      const text = `${LISTENERS}\n${UPSTREAMS}\n${TABLES}\nadmin: { listen: "${listen}"${more} }`
      expect((await load(text)).admin?.anonymous).toBe(role)
    })
  }

  test('a file without an admin section has no admin API', async () => {
    expect((await load(`${LISTENERS}\n${UPSTREAMS}\n${TABLES}`)).admin).toBeUndefined()
  })
})

describe('upstreams', () => {
  const endpoints: [
    url: string,
    origin: string,
    socketPath: string | undefined,
    prefix: string,
    label: string,
  ][] = [
    ['https://a.example', 'https://a.example', undefined, '', 'a.example:443'],
    ['http://a.example:8080/v1/', 'http://a.example:8080', undefined, '/v1', 'a.example:8080'],
    ['http://[::1]/a/../b%2f', 'http://[::1]', undefined, '/a/../b%2f', '[::1]:80'],
    ['unix:/run/dir.sock', 'http://localhost', '/run/dir.sock', '', 'dir.sock'],
    ['unix:/run/dir.sock:/v1', 'http://localhost', '/run/dir.sock', '/v1', 'dir.sock'],
  ]
  for (const [url, origin, socketPath, pathPrefix, label] of endpoints) {
    test(`the endpoint ${url} is taken apart as text`, async () => {
      const { endpoints: found } = await upstream(`    endpoints: ["${url}"]`)
      expect(found).toEqual([{ url, origin, socketPath, pathPrefix, label }])
    })
  }

  test('durations become milliseconds and sizes bytes', async () => {
    const made = await upstream(
      '    endpoints: ["http://a.example", "http://b.example"]\n    timeout: 1.5s\n    hedgeAfter: 100ms\n    maxBodyBytes: 2KiB\n    circuitBreaker: { openFor: 1m }',
    )
    expect(made).toMatchObject({ timeoutMs: 1500, hedgeAfterMs: 100, maxBodyBytes: 2048 })
    expect(made.circuitBreaker).toEqual({ failures: 2, openForMs: 60_000 })
  })

  test('relative files start at the folder of the configuration', async () => {
    const made = await upstream(
      '    endpoints: ["https://a.example"]\n    tls: { ca: ca.pem, cert: /abs/c.pem, key: sub/k.pem }',
      { readFile: async (path) => (path.endsWith('k.pem') ? PAIR.key : PAIR.cert) },
    )
    expect(made.tls).toEqual({
      ca: '/etc/mapgate/ca.pem',
      cert: '/abs/c.pem',
      key: '/etc/mapgate/sub/k.pem',
      serverName: undefined,
    })
  })

  test('static entries keep their order, and a single text is a list of one', async () => {
    const text = `${LISTENERS}\nupstreams: { s: { entries: { b: [x, y], a: z, 550: "n" } } }\ntables: { t: { upstream: s } }`
    const made = (await load(text)).upstreams.get('s')
    expect(made).toMatchObject({ kind: 'static', name: 's' })
    expect(staticUpstream(made).entries).toEqual(
      new Map([
        ['b', ['x', 'y']],
        ['a', ['z']],
        ['550', ['n']],
      ]),
    )
  })
})

describe('tables', () => {
  test('cache: off is no cache, and nothing else is', async () => {
    expect((await table('    cache: off\n')).cache).toBeUndefined()
    expect((await table('')).cache).toMatchObject({
      ttlMs: 60_000,
      staleIfErrorMs: 86_400_000,
      staleAfterMs: 1000,
      maxBytes: 67_108_864,
    })
  })

  const searches: [lines: string, search: string, propagates: boolean][] = [
    ['', 'exact', false],
    ['    usedBy: virtual_alias_maps\n', 'address', true],
    ['    usedBy: [smtp_generic_maps]\n', 'address', false],
    ['    usedBy: [transport_maps]\n', 'transport', false],
    ['    usedBy: [check_recipient_access]\n', 'access-address', false],
    ['    usedBy: [check_client_access]\n', 'access-client', false],
    ['    usedBy: [virtual_mailbox_domains]\n', 'exact', false],
    ['    usedBy: [unheard_of, canonical_maps]\n', 'address', true],
    ['    usedBy: [virtual_alias_maps]\n    search: exact\n    propagateExtension: false\n', 'exact', false],
  ]
  for (const [lines, search, propagateExtension] of searches) {
    test(`search is ${search}, propagation ${propagateExtension} with: ${lines.trim().replaceAll('\n', ';')}`, async () => {
      expect(await table(lines)).toMatchObject({ search, propagateExtension })
    })
  }

  test('domains are a list in lower case, or another table', async () => {
    expect((await table('    domains: [A.Example, .B.example]\n')).domains).toEqual({
      kind: 'list',
      domains: ['a.example', '.b.example'],
    })
    expect((await table('    domains: { table: u }\n  u: { upstream: s }\n')).domains).toEqual({
      kind: 'table',
      table: 'u',
    })
  })

  const spellings: [written: string, domains: string[]][] = [
    ['example.com.', ['example.com']],
    ['.Example.com.', ['.example.com']],
    ['"[192.0.2.1]"', ['[192.0.2.1]']],
    ['Bücher.example', ['bücher.example', 'xn--bcher-kva.example']],
    ['.bücher.example.', ['.bücher.example', '.xn--bcher-kva.example']],
    ['"bu\\u0308cher.example"', ['bücher.example', 'xn--bcher-kva.example']],
  ]
  for (const [written, domains] of spellings) {
    test(`the domain ${written} is compared as ${domains.join(' and ')}`, async () => {
      expect((await table(`    domains: [${written}]\n`)).domains).toEqual({ kind: 'list', domains })
    })
  }

  test('local domains are compared without a dot at the end, in lower case', async () => {
    const lines = '    search: address\n    localDomains: [Example.com., bücher.example]\n'
    expect((await table(lines)).localDomains).toEqual([
      'example.com',
      'bücher.example',
      'xn--bcher-kva.example',
    ])
  })

  test('a batch is a POST of at most 100 keys that waits for nobody', async () => {
    const { batch } = await table('    batch: { path: /b, json: { keys: "{keys}" } }\n')
    expect(batch).toEqual({
      method: 'POST',
      path: '/b',
      query: new Map(),
      headers: new Map(),
      json: { keys: '{keys}' },
      form: undefined,
      maxKeys: 100,
      maxWaitMs: 0,
      results: undefined,
    })
  })

  test('defaults are merged into maps, and replaced in lists and scalars', async () => {
    const text = `${LISTENERS}
upstreams: { s: { entries: { a: b } }, d: { endpoints: ["http://a.example"], headers: { x: "1" } } }
tables:
  t: { upstream: s, cache: { ttl: 5s }, response: { found: [201] } }
  u: { upstream: s, cache: off }
defaults:
  table: { deadline: 9s, cache: { ttl: 1s, negativeTtl: 2s }, response: { found: [200, 202], separator: ";" } }
  upstream: { timeout: 3s, headers: { y: "2" } }`
    const { tables, upstreams } = await load(text)
    expect(tables.get('t')).toMatchObject({
      deadlineMs: 9000,
      cache: { ttlMs: 5000, negativeTtlMs: 2000 },
      response: { found: [201], separator: ';' },
    })
    expect(tables.get('u')).toMatchObject({ deadlineMs: 9000, cache: undefined })
    expect(upstreams.get('d')).toMatchObject({
      timeoutMs: 3000,
      headers: new Map([
        ['y', '2'],
        ['x', '1'],
      ]),
    })
    expect(upstreams.get('s')).toEqual({ kind: 'static', name: 's', entries: new Map([['a', ['b']]]) })
  })
})

describe('loadConfig', () => {
  test('reads a file and what it refers to beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'where'), '/var/cache/x\n')
    await writeFile(
      join(folder, 'm.yaml'),
      `${LISTENERS}\n${UPSTREAMS}\n${TABLES}\ncacheFile: "\${file:where}"`,
    )
    const config = await loadConfig(join(folder, 'm.yaml'))
    expect(config.cacheFile).toBe('/var/cache/x')
    expect(config.file).toBe(join(folder, 'm.yaml'))
  })

  for (const [what, cacheFile] of [
    ['the configuration', 'm.yaml'],
    ['a secret', 'secret'],
    ['a socket', 'socket'],
  ]) {
    test(`a cache file that is ${what}, and would be written over, is an error`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'mapgate-'))
      onTestFinished(() => rm(folder, { recursive: true }))
      await writeFile(join(folder, 'secret'), 'a-secret-of-sixteen-characters')
      const file = join(folder, 'm.yaml')
      await writeFile(
        file,
        `listeners: [ { protocol: socketmap, listen: "unix:${folder}/socket" } ]
log: { keys: hash, hashKey: "\${file:secret}" }
${UPSTREAMS}
${TABLES}
cacheFile: ./${cacheFile}`,
      )
      await expect(loadConfig(file)).rejects.toThrow(
        `cacheFile: "./${cacheFile}": is already used for something else and would be overwritten; choose another file`,
      )
    })
  }

  test('tells why a file cannot be read, with its name as given', async () => {
    const failure = await loadConfig('/nowhere/m.yaml').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ConfigError)
    expect(failure).toMatchObject({
      code: 'MAPGATE_ERR_CONFIG',
      message: '/nowhere/m.yaml:1:1: cannot be read: there is no such file',
    })
    await expect(loadConfig('/nowhere/m.yaml', { shownAs: 'm.yaml' })).rejects.toThrow(/^m\.yaml:1:1: /)
  })
})

describe('a problem', () => {
  test('names its sentence by a code, and what the words of the schema make has none', async () => {
    const text = `listeners: [{ protocol: socketmap, listen: "inet:0.0.0.0:1" }]\nupstreams: { d: { entries: {} } }\ntables: { t: { upstream: e, deadline: 1 } }`
    const failed = await parseConfig(text, 'c.yaml').catch((error: unknown) => error)
    if (!(failed instanceof ConfigError)) return expect.unreachable()
    expect(failed.issues.map(({ path, code }) => [path, code])).toEqual([
      ['listeners[0].listen', 'allow-missing'],
      ['tables.t.upstream', 'name-unknown'],
      ['tables.t.deadline', undefined],
    ])
  })
})

describe('anchors and aliases', () => {
  test('an alias means the latest anchor before it, also where an alias led to it', async () => {
    const text = `${LISTENERS}
upstreams:
  a: { entries: { x: &v one } }
  b: { entries: &e { y: *v } }
  c: { entries: { x: &v two, z: *v } }
  d: { entries: *e }
tables: { t: { upstream: [a, b, c, d] } }`
    const { upstreams } = await load(text)
    const entries = (name: string) => {
      return Object.fromEntries(staticUpstream(upstreams.get(name)).entries)
    }
    expect(entries('b')).toEqual({ y: ['one'] })
    expect(entries('c')).toEqual({ x: ['two'], z: ['two'] })
    expect(entries('d')).toEqual({ y: ['one'] })
  })
})
