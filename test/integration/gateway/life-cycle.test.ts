/**
 * Start, reload and stop of a whole gateway.
 */
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/issue.ts'
import { found } from '../../../src/core/result.ts'
import { loadConfig } from '../../../src/gateway/load-config.ts'
import { Gateway } from '../../../src/gateway.ts'
import { SocketmapClient } from '../../../src/library/clients.ts'
import { ListenError } from '../../../src/server/listen-error.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { until } from '../../support/postfix/until.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'
import { testDirectory } from '../../support/wire/sockets.ts'

const STATIC = (value: string, more = '') => `${TWO_LISTENERS}
upstreams:
  fixed: { entries: { a: [${value}] } }
tables:
  aliases: { upstream: fixed }
${more}
`

describe('start', () => {
  test('refuses a bad configuration with every issue', async (t) => {
    const start = startGateway(t, 'listeners: []\ntables: { aliases: { upstream: nosuch } }\n')
    const error = await start.catch((thrown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain('mapgate.yaml:')
  })

  test('refuses an address that is taken', async (t) => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    t.onTestFinished(() => new Promise((resolve) => taken.close(() => resolve())))
    const { port } = taken.address() as { port: number }
    const yaml = STATIC('b').replace('inet:127.0.0.1:0", table', `inet:127.0.0.1:${port}", table`)
    await expect(startGateway(t, yaml)).rejects.toThrow(ListenError)
    await expect(startGateway(t, yaml)).rejects.toThrow(`inet:127.0.0.1:${port}`)
  })

  test('an admin address that is taken ends the start, and closes the listeners that answered already', async (t) => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    t.onTestFinished(() => new Promise((resolve) => taken.close(() => resolve())))
    const { port } = taken.address() as { port: number }
    const socket = join(testDirectory(), 'socket')
    const cacheFile = join(testDirectory(), 'cache')
    const yaml = `
listeners: [{ protocol: socketmap, listen: "unix:${socket}" }]
admin: { listen: "inet:127.0.0.1:${port}" }
cacheFile: ${cacheFile}
upstreams: { fixed: { entries: { a: [b] } } }
tables: { aliases: { upstream: fixed } }
`
    await expect(startGateway(t, yaml)).rejects.toThrow(ListenError)
    await expect(startGateway(t, yaml)).rejects.toThrow(
      `cannot listen on inet:127.0.0.1:${port}: another program listens there`,
    )
    expect([existsSync(socket), existsSync(cacheFile)]).toEqual([false, false])
  })

  test('lookups are answered before the admin API is there, and "ready" waits for it', async (t) => {
    const pair = selfSignedPair()
    const folder = testDirectory()
    const [certFile, keyFile] = [join(folder, 'cert'), join(folder, 'key')]
    writeFileSync(certFile, pair.cert)
    writeFileSync(keyFile, pair.key)
    const path = join(folder, 'socket')
    const file = join(folder, 'mapgate.yaml')
    writeFileSync(
      file,
      `
listeners: [{ protocol: socketmap, listen: "unix:${path}" }]
admin: { listen: "inet:127.0.0.1:0", tls: { cert: ${certFile}, key: ${keyFile} } }
upstreams: { fixed: { entries: { a: [b] } } }
tables: { aliases: { upstream: fixed } }
`,
    )
    const logFile = join(folder, 'log')
    const answered = latch()
    let readings = 0
    const load = async () => {
      const config = await loadConfig(file)
      // The key is read before the listeners open, so that a start fails early, and again for the admin API.
      const readFile = async (name: string) => {
        if (name === keyFile && ++readings === 2) await answered.opened
        return config.readFile(name)
      }
      return { ...config, readFile }
    }
    const starting = Gateway.start({ load, version: 'test', logFd: openSync(logFile, 'a') })
    await expect.poll(() => existsSync(path)).toBe(true)
    const client = new SocketmapClient({ address: { kind: 'unix', path } })
    t.onTestFinished(() => client.close())
    expect(await client.lookup('aliases', 'a')).toEqual(found('b'))
    expect(readFileSync(logFile, 'utf8')).toBe('')
    answered.open()
    const gateway = await starting
    t.onTestFinished(() => gateway.stop())
    expect(gateway.status().state).toBe('ready')
    expect(gateway.admin).toBeDefined()
  })
})

/** What waits until somebody opens it. */
function latch() {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

describe('warnings', () => {
  test('stand in the log at level warn, each on a line of its own', async (t) => {
    const yaml = STATIC('b', 'log: { level: warn }').replace(
      'upstream: fixed',
      'upstream: fixed, searchParallel: true',
    )
    const gateway = await startGateway(t, yaml)
    await expect
      .poll(() => gateway.log())
      .toContainEqual(
        expect.objectContaining({
          event: 'configuration',
          level: 'warn',
          msg: expect.stringContaining('searchParallel'),
        }),
      )
  })
})

describe('reload', () => {
  test('takes over a changed table while a connection stays', async (t) => {
    const gateway = await startGateway(t, STATIC('before'))
    const client = gateway.socketmap()
    expect(await client.lookup('aliases', 'a')).toEqual(found('before'))
    gateway.write(STATIC('after'))
    expect(await gateway.gateway.reload()).toMatchObject({
      ok: true,
      changes: ['upstream fixed changed', 'table aliases changed'],
    })
    expect(await client.lookup('aliases', 'a')).toEqual(found('after'))
    expect(gateway.gateway.status().listeners[0]?.connections).toBe(1)
  })

  test('keeps what it has when the file is bad, and says where', async (t) => {
    const gateway = await startGateway(t, STATIC('before'))
    gateway.write(STATIC('after').replace('upstream: fixed', 'upstream: nosuch'))
    const report = await gateway.gateway.reload()
    expect(report.ok).toBe(false)
    expect(report).toMatchObject({
      issues: [expect.stringMatching(/^mapgate\.yaml:\d+:\d+: tables\.aliases/)],
    })
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual(found('before'))
  })

  test('keeps what it has when a new listener cannot listen', async (t) => {
    const gateway = await startGateway(t, STATIC('before'))
    const taken = gateway.address('socketmap').port
    const more = `  - { protocol: socketmap, listen: "inet:127.0.0.1:${taken}" }\nadmin:`
    gateway.write(STATIC('after').replace('admin:', more))
    const report = await gateway.gateway.reload()
    expect(report).toMatchObject({
      ok: false,
      issues: [expect.stringContaining('another program listens there')],
    })
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual(found('before'))
  })

  test('opens and closes listeners', async (t) => {
    const gateway = await startGateway(t, STATIC('b'))
    const socket = join(gateway.folder, 'socket')
    const listeners = `listeners: [{ protocol: socketmap, listen: "unix:${socket}" }]`
    gateway.write(`${listeners}
upstreams: { fixed: { entries: { a: [b] } } }
tables: { aliases: { upstream: fixed } }
`)
    expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
    expect(gateway.gateway.status().listeners).toMatchObject([{ bound: `unix:${socket}` }])
  })

  test('keeps stored answers of a table that asks the same, and drops those of one that does not', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { text: 'b' }
    const yaml = (path: string, ttl: string) => `${TWO_LISTENERS}
upstreams: { directory: { endpoints: ["${service.origin}"] } }
tables: { aliases: { upstream: directory, request: { path: "${path}" }, cache: { ttl: ${ttl} } } }
`
    const gateway = await startGateway(t, yaml('/{key}', '60s'))
    const client = gateway.socketmap()
    await client.lookup('aliases', 'a')
    gateway.write(yaml('/{key}', '30s'))
    await gateway.gateway.reload()
    await client.lookup('aliases', 'a')
    expect(service.requests).toHaveLength(1)
    gateway.write(yaml('/other/{key}', '30s'))
    expect(await gateway.gateway.reload()).toMatchObject({
      changes: expect.arrayContaining([expect.stringContaining('1 stored answer dropped')]),
    })
    await client.lookup('aliases', 'a')
    expect(service.requests.map(({ url }) => url)).toEqual(['/a', '/other/a'])
  })

  test('drops them for another endpoint, and keeps them where the upstream has an identity', async (t) => {
    const [first, second] = [await startHttpService(t), await startHttpService(t)]
    first.otherwise = { text: 'first' }
    second.otherwise = { text: 'second' }
    const yaml = (origin: string, identity: string) => `${TWO_LISTENERS}
upstreams: { directory: { endpoints: ["${origin}"], ${identity} timeout: 1s } }
tables: { aliases: { upstream: directory, request: { path: "/{key}" } } }
`
    const gateway = await startGateway(t, yaml(first.origin, 'identity: directory,'))
    const client = gateway.socketmap()
    await client.lookup('aliases', 'a')
    gateway.write(yaml(second.origin, 'identity: directory,'))
    expect(await gateway.gateway.reload()).toEqual({
      ok: true,
      changes: [
        'upstream directory changed',
        'upstream directory: its circuits were reset',
        'table aliases: 1 stored answer kept',
      ],
      warnings: expect.anything(),
    })
    expect(await client.lookup('aliases', 'a')).toEqual({ kind: 'found', value: 'first' })
    expect(await client.lookup('aliases', 'b')).toEqual({ kind: 'found', value: 'second' })
    gateway.write(yaml(second.origin, 'identity: another,'))
    expect(await gateway.gateway.reload()).toMatchObject({
      changes: expect.arrayContaining([
        'table aliases: 2 stored answers dropped, since what decides about them changed',
      ]),
    })
    gateway.write(yaml(second.origin, ''))
    await gateway.gateway.reload()
    await client.lookup('aliases', 'a')
    gateway.write(yaml(first.origin, ''))
    expect(await gateway.gateway.reload()).toMatchObject({
      changes: expect.arrayContaining([
        'table aliases: 1 stored answer dropped, since what decides about them changed',
      ]),
    })
  })

  test('starts circuits anew with any other setting of the upstream, and not without', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { status: 503 }
    const yaml = (timeout: string, level: string) => `${TWO_LISTENERS}
log: { level: ${level} }
upstreams: { directory: { endpoints: ["${service.origin}"], attempts: 1, circuitBreaker: { failures: 1, openFor: 10m }, timeout: ${timeout} } }
tables: { aliases: { upstream: directory, request: { path: "/{key}" }, cache: off, canary: { key: c } } }
`
    const gateway = await startGateway(t, yaml('1s', 'silent'))
    const client = gateway.socketmap()
    const circuit = () => gateway.gateway.status().upstreams[0]?.endpoints[0]?.circuit
    await until('the circuit is open', async () => {
      await client.lookup('aliases', 'a')
      return circuit() === 'open' || undefined
    })
    gateway.write(yaml('1s', 'error'))
    expect(await gateway.gateway.reload()).toMatchObject({ changes: ['log changed'] })
    expect(circuit()).toBe('open')
    gateway.write(yaml('2s', 'error'))
    service.otherwise = { text: 'b' }
    expect(await gateway.gateway.reload()).toMatchObject({
      changes: ['upstream directory changed', 'upstream directory: its circuits were reset'],
    })
    expect(await client.lookup('aliases', 'a')).toEqual({ kind: 'found', value: 'b' })
  })

  test('counts what it did', async (t) => {
    const gateway = await startGateway(t, STATIC('b'))
    await gateway.gateway.reload()
    gateway.write('listeners: 1')
    await gateway.gateway.reload()
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/^mapgate_config_reloads_total\{result="ok"\} 1$/m)
    expect(metrics).toMatch(/^mapgate_config_reloads_total\{result="failed"\} 1$/m)
  })
})

describe('secrets', () => {
  test('are read again after the service refused them, and the next lookup is answered', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = ({ headers }) =>
      headers.authorization === 'Bearer new-token' ? { text: 'b' } : { status: 401 }
    const yaml = (folder: string) => `${TWO_LISTENERS}
upstreams:
  directory:
    endpoints: ["${service.origin}"]
    headers: { authorization: "Bearer \${file:${folder}/token}" }
tables: { aliases: { upstream: directory, request: { path: "/{key}" } } }
`
    const gateway = await startGateway(t, STATIC('b'))
    const token = join(gateway.folder, 'token')
    writeFileSync(token, 'old-token\n')
    gateway.write(yaml(gateway.folder))
    await gateway.gateway.reload()
    writeFileSync(token, 'new-token\n')
    const client = gateway.socketmap()
    expect(await client.lookup('aliases', 'one')).toMatchObject({ kind: 'permanent' })
    await expect.poll(() => client.lookup('aliases', `k${service.requests.length}`)).toEqual(found('b'))
    expect(readFileSync(join(gateway.folder, 'log'), 'utf8')).not.toContain('-token')
  })
})

describe('stop', () => {
  test('answers what is in flight before it closes', async (t) => {
    const service = await startHttpService(t)
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    service.otherwise = { text: 'b', after: held }
    const gateway = await startGateway(
      t,
      `${TWO_LISTENERS}
upstreams: { directory: { endpoints: ["${service.origin}"] } }
tables: { aliases: { upstream: directory, request: { path: "/{key}" } } }
`,
    )
    const answer = gateway.socketmap().lookup('aliases', 'a')
    await expect.poll(() => service.requests.length).toBe(1)
    const stopped = gateway.gateway.stop()
    expect(gateway.gateway.status().state).toBe('draining')
    release()
    expect(await answer).toEqual(found('b'))
    await stopped
  })

  test('answers a lookup that takes too long as temporary, and does not wait for it', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { act: 'silence' }
    const gateway = await startGateway(
      t,
      `${TWO_LISTENERS}
stop: { drainFor: 100ms }
upstreams: { directory: { endpoints: ["${service.origin}"], timeout: 30s } }
tables: { aliases: { upstream: directory, request: { path: "/{key}" }, deadline: 60s } }
`,
    )
    const answer = gateway.socketmap().lookup('aliases', 'a')
    await expect.poll(() => service.requests.length).toBe(1)
    await gateway.gateway.stop()
    expect(await answer).toMatchObject({ kind: 'temporary', reason: 'mapgate is stopping; ask again' })
  })

  test('keeps the answers for the next start when there is a cache file', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { text: 'b' }
    const yaml = (folder: string) => `${TWO_LISTENERS}
cacheFile: ${folder}/cache
upstreams: { directory: { endpoints: ["${service.origin}"] } }
tables: { aliases: { upstream: directory, request: { path: "/{key}" } } }
`
    const first = await startGateway(t, STATIC('b'))
    const second = await startGateway(t, yaml(first.folder))
    expect(await second.socketmap().lookup('aliases', 'a')).toEqual(found('b'))
    await second.gateway.stop()
    const third = await startGateway(t, yaml(first.folder))
    expect(await third.socketmap().lookup('aliases', 'a')).toEqual(found('b'))
    expect(service.requests).toHaveLength(1)
    await expect
      .poll(() => third.log())
      .toContainEqual(expect.objectContaining({ event: 'cache-file', loaded: 1 }))
  })
})
