/**
 * What came from a file or credential, or stands in a secret place, is known and never shown.
 */
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/issue.ts'
import { parseConfig } from '../../../src/gateway/load-config.ts'
import { httpTable, httpUpstream } from '../../support/gateway/settings.ts'
import { LISTENERS, TABLES } from './good-sections.ts'

const FILES: Readonly<Record<string, string>> = {
  '/etc/mapgate/directory': 'file-secret\n',
  '/creds/token': 'credential-secret\r\n',
  '/etc/mapgate/two': 'two-lines\n\n',
  '/etc/mapgate/empty': '\n',
  '/etc/mapgate/long': 'x'.repeat(64 * 1024 + 1),
}

const TEXT = `${LISTENERS}
admin:
  listen: inet:127.0.0.1:8466
  tokens: [{ token: "\${credential:token}", role: operator }]
upstreams:
  d:
    endpoints: ["http://a.example/\${file:directory}", "http://b.example/\${env:SEGMENT}"]
    headers: { authorization: "Bearer \${file:directory}", accept: text/html, x-key: literal-key }
    proxy: http://me:proxy%20pw@proxy.example:3128
tables:
  t: { upstream: d, request: { path: "/$\${{key}}/{key}", headers: { x-t: table-header } }, canary: { key: a } }
log: { hashKey: hash-key-0123456 }
`

const load = (text = TEXT, files = FILES) =>
  parseConfig(text, '/etc/mapgate/mapgate.yaml', {
    env: { CREDENTIALS_DIRECTORY: '/creds', SEGMENT: 'from-env' },
    readFile: async (path) => {
      const found = files[path]
      if (found === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' })
      return found
    },
  })

describe('secrets', () => {
  test('references are replaced, one line end dropped, and $' + '${ is a literal', async () => {
    const config = await load()
    const upstream = config.upstreams.get('d')
    expect(httpUpstream(upstream).headers.get('authorization')).toBe('Bearer file-secret')
    expect(config.admin?.tokens).toEqual([{ token: 'credential-secret', role: 'operator' }])
    expect(httpTable(config.tables.get('t')).request?.path).toBe('/$' + '{{key}}/{key}')
  })

  test('what must be hidden is collected, and common words are not', async () => {
    const { secrets } = await load()
    expect([...secrets].sort()).toEqual([
      'Bearer file-secret',
      'credential-secret',
      'file-secret',
      'hash-key-0123456',
      'literal-key',
      'proxy pw',
      'proxy%20pw',
      'table-header',
    ])
  })

  test('the configuration that may be shown holds none of them', async () => {
    const { redactedConfig, secrets } = await load()
    const shown = JSON.stringify(redactedConfig)
    for (const secret of secrets) expect(shown).not.toContain(secret)
    expect(redactedConfig).toMatchObject({
      admin: { tokens: [{ token: '***', role: 'operator' }] },
      upstreams: {
        d: {
          endpoints: ['http://a.example/***', 'http://b.example/***'],
          headers: { authorization: '***', accept: '***', 'x-key': '***' },
          proxy: '***',
          timeout: '2s',
        },
      },
      tables: { t: { request: { headers: { 'x-t': '***' } } } },
      log: { hashKey: '***' },
    })
  })

  test('a value from a file is not quoted in a message', async () => {
    const error = await load(`${TEXT}reload: "\${file:directory}"`).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConfigError)
    expect(String(error)).toContain('reload: the value is not known, must be manual or watch')
    expect(String(error)).not.toContain('file-secret')
  })

  const wrong: [name: string, message: string][] = [
    ['empty', 'the file empty is empty'],
    ['long', 'the file long is longer than 64 KiB; it holds no secret'],
    ['none', 'the file none cannot be read: there is no such file'],
  ]
  for (const [name, message] of wrong) {
    test(`a reference is refused: ${message}`, async () => {
      await expect(load(`${TEXT}cacheFile: "\${file:${name}}"`)).rejects.toThrow(`cacheFile: ${message}`)
    })
  }

  test('only one line end is dropped', async () => {
    const config = await load(`${LISTENERS}\nupstreams: { s: { entries: { a: b } } }
tables: { t: { upstream: s } }\nlog: { hashKey: "0123456789\${file:two}" }`)
    expect(config.log.hashKey).toBe('0123456789two-lines\n')
  })

  test('reading secrets again takes a changed file in and leaves the first configuration alone', async () => {
    const files = { ...FILES }
    const first = await load(TEXT, files)
    files['/etc/mapgate/directory'] = 'new-secret\n'
    const second = await first.reloadSecrets()
    const header = (config: typeof first) =>
      httpUpstream(config.upstreams.get('d')).headers.get('authorization')
    expect(header(first)).toBe('Bearer file-secret')
    expect(header(second)).toBe('Bearer new-secret')
  })

  test('reading secrets again rejects when one is gone', async () => {
    const files: Record<string, string> = { ...FILES }
    const first = await load(TEXT, files)
    delete files['/creds/token']
    await expect(first.reloadSecrets()).rejects.toThrow(
      'admin.tokens[0].token: the credential token cannot be read: there is no such file',
    )
  })

  test('a file that is referred to twice is read once', async () => {
    let reads = 0
    await parseConfig(
      `${LISTENERS}\nupstreams: { d: { endpoints: ["http://\${file:h}", "http://\${file:h}:81"] } }\n${TABLES}`,
      'm.yaml',
      {
        readFile: async () => {
          reads++
          return 'a.example'
        },
      },
    )
    expect(reads).toBe(1)
  })
})

test('a value of the environment or of a file that is too short to be searched for is not shown where it stands', async () => {
  const config = await parseConfig(
    `listeners: [ { protocol: socketmap, listen: "inet:127.0.0.1:1" } ]
upstreams: { d: { endpoints: ["http://a.example"], headers: { x-pin: "\${env:PIN}" } } }
tables:
  t: { upstream: d, request: { path: "/\${env:PART}/{key}", query: { q: "\${file:s}" } }, canary: { key: abc@a.example } }`,
    'mapgate.yaml',
    { env: { PIN: '1234', PART: 'ab' }, readFile: async () => 'xyz\n' },
  )
  expect(config.redactedConfig).toMatchObject({
    upstreams: { d: { headers: { 'x-pin': '***' } } },
    tables: { t: { request: { path: '***', query: { q: '***' } }, canary: { key: 'abc@a.example' } } },
  })
})
