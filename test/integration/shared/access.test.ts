/**
 * Who may do what at the shared store: the access list that the documentation has, TLS, and where the password stands.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startHttpService } from '../../support/http/http-service.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'
import { freePort } from '../../support/programs/free-port.ts'
import { missingRedis, startRedis } from '../../support/programs/redis.ts'
import { documentedCommands, documentedUser, PASSWORD, startShared, until } from './shared-gateways.ts'

/** Those that were carried out, but for what the test itself has sent: the client logs in by HELLO. */
function commandsOf(stats: string): readonly string[] {
  const names = Array.from(stats.matchAll(/^cmdstat_(\S+):calls=[1-9]/gm), ([, name = '']) => name)
  return names.filter((name) => !['acl|setuser', 'auth', 'info'].includes(name)).sort()
}

describe.skipIf(missingRedis() !== undefined)('access to the shared store', () => {
  test('the documented user can do all that gateways need, and nothing beside it', async (t) => {
    const redis = await startRedis(t)
    expect(redis.command('ACL', 'SETUSER', ...documentedUser())).toBe('OK')
    redis.command('ACL', 'SETUSER', 'root', 'on', 'nopass', '+@all')
    redis.command('ACL', 'SETUSER', 'default', 'off')
    const asUser = (...words: readonly string[]) =>
      redis.command('--user', 'mapgate', '--pass', PASSWORD, '--no-auth-warning', ...words)
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const settings = {
      origin: service.origin,
      // The one command that another database needs.
      url: `${redis.url}/1`,
      shared: `username: mapgate, password: ${PASSWORD}`,
      table: 'cache: { ttl: 1h }',
    }
    const [one, two] = [await startShared(t, settings), await startShared(t, settings)]
    const lookup = (gateway: typeof one) => gateway.socketmap().lookup('aliases', 'a@x.example')
    await lookup(one)
    await until(() => one.gateway.status().shared?.queuedWrites === 0)
    await lookup(two)
    expect(service.requests.length).toBe(1)
    // The second purge of the whole table makes what the store has of the domain needless.
    for (const what of [{ kind: 'all' }, { kind: 'domain', domain: 'x.example' }, { kind: 'all' }] as const) {
      await one.gateway.tables.purge('aliases', what)
      expect(await one.gateway.tables.purgeElsewhere('aliases', what)).toEqual({
        state: 'sent',
        others: 1,
        confirmed: 1,
      })
    }
    await one.gateway.tables.purgeElsewhere('aliases', { kind: 'key', key: Buffer.from('a@x.example') })
    expect(await startShared(t, settings)).toBeDefined()
    // And all that the list allows is needed.
    expect(
      commandsOf(redis.command('--user', 'root', '--pass', '-', '--no-auth-warning', 'INFO', 'commandstats')),
    ).toEqual(
      documentedUser()
        .filter((word) => word.startsWith('+'))
        .map((word) => word.slice(1))
        .sort(),
    )
    for (const words of [
      ['SET', 'other', 'x'],
      ['GET', 'other'],
      ['KEYS', '*'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['EVAL', 'return 1', '0'],
      ['ACL', 'LIST'],
      ['CLIENT', 'LIST'],
      ['PUBLISH', 'other', 'x'],
      ['SUBSCRIBE', 'other'],
      ['SCAN', '0'],
    ])
      expect(asUser(...words), words.join(' ')).toMatch(/NOPERM/)
    expect(JSON.stringify(one.log())).not.toContain(PASSWORD)
    for (const path of ['/api/v1/status', '/api/v1/config', '/metrics', '/api/v1/problems'])
      expect(await (await fetch(`${one.adminUrl}${path}`)).text(), path).not.toContain(PASSWORD)
  })

  test('tables that Postfix writes need the commands that the page adds, and no more', async (t) => {
    const redis = await startRedis(t)
    redis.command('ACL', 'SETUSER', ...documentedUser())
    const gateway = await startShared(t, {
      origin: 'http://127.0.0.1:1',
      url: redis.url,
      shared: `username: mapgate, password: ${PASSWORD}`,
      upstream: 'timeout: 1s }\n  learned: { store: {}',
      table: '\n  verify: { upstream: learned }',
    })
    const verify = gateway.gateway.tables.store('verify')
    if (verify === undefined || verify === 'read-only') return expect.unreachable()
    expect(await verify.put('a', '1', {})).toMatchObject({
      kind: 'temporary',
      reason: expect.stringMatching(/store learned: its entries are in the shared store, .*NOPERM.* 'eval'/),
    })
    redis.command('ACL', 'SETUSER', 'mapgate', ...documentedCommands('+eval'))
    const all = async () => {
      for (const key of ['a', 'b@x.example', 'c']) expect((await verify.put(key, '1', {})).kind).toBe('done')
      expect((await verify.put('c', '2', { ttlMs: 1 })).kind).toBe('done')
      expect((await verify.delete('a')).kind).toBe('done')
      expect(await gateway.socketmap().lookup('verify', 'b@x.example')).toEqual({ kind: 'found', value: '1' })
      expect(await verify.entries(undefined, 10)).toMatchObject({ entries: [{ key: 'b@x.example' }] })
      expect(await verify.purge({ kind: 'domain', domain: 'x.example' })).toBe(1)
      expect(await verify.purge({ kind: 'all' })).toBe(0)
    }
    await until(async () => (await verify.put('a', '1', {})).kind === 'done')
    await all()
    for (const command of documentedCommands('+eval')) {
      redis.command('ACL', 'SETUSER', 'mapgate', command.replace('+', '-'))
      await expect(all(), command).rejects.toThrow()
      redis.command('ACL', 'SETUSER', 'mapgate', command)
      await until(async () => (await verify.put('a', '1', {})).kind === 'done')
    }
  })

  test('a wrong password is told without the password, and costs no lookup', async (t) => {
    const redis = await startRedis(t, ['--requirepass', PASSWORD])
    const service = await startHttpService(t)
    service.otherwise = { text: 'there' }
    const gateway = await startShared(
      t,
      { origin: service.origin, url: redis.url, shared: `password: wrong-horse-battery` },
      { state: 'down' },
    )
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual({ kind: 'found', value: 'there' })
    await until(() => gateway.gateway.status().degraded.join().includes('WRONGPASS'))
    expect(JSON.stringify([gateway.log(), gateway.gateway.status()])).not.toContain('wrong-horse')
  })

  test('TLS: a server that its authority vouches for is used, and no other', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-tls-'))
    t.onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const forLoopback = ['-nodes', '-addext', 'subjectAltName=IP:127.0.0.1']
    const [pair, other] = [selfSignedPair(forLoopback), selfSignedPair(forLoopback)]
    const [cert, key] = [file('cert', pair.cert), file('key', pair.key)]
    const port = await freePort()
    const tls = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key]
    await startRedis(t, [...tls, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'])
    const service = await startHttpService(t)
    const settings = (ca: string) => ({
      origin: service.origin,
      url: `rediss://127.0.0.1:${port}`,
      shared: `tls: { ca: "${ca}" }`,
    })
    expect((await startShared(t, settings(cert))).gateway.status().degraded).toEqual([])
    const wrong = await startShared(t, settings(file('other', other.cert)), { state: 'down' })
    await until(() => wrong.gateway.status().degraded.join().includes('self-signed certificate'))
  })
})
