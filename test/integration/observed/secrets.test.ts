/**
 * Secrets in every place where a configuration may have one, a service that sends them back in
 * every way it can, and a search of all that leaves the program as text: log, metrics, every route
 * of the admin API, events, the command line, and the files beside the cache file.
 */
import { copyFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { programInto } from '../../support/gateway/built.ts'
import { until } from '../../support/wire/sockets.ts'
import { built, leaked, stage, TIMEOUT_MS } from './secrets-set-up.ts'
import { badReloads, commandLine, everyRoute, filesBelow, traffic } from './secrets-traffic.ts'

beforeAll(() => {
  programInto(join(built, 'dist'))
  copyFileSync('package.json', join(built, 'package.json'))
  return () => rmSync(built, { recursive: true, force: true })
})

describe('secrets of every kind', { timeout: TIMEOUT_MS }, () => {
  test('are in no log, metric, answer, event, command output or file', async () => {
    const here = await stage('plain')
    expect(leaked(await traffic(here))).toEqual([])
    expect(leaked(await everyRoute(here))).toEqual([])
    expect(leaked(await commandLine(here))).toEqual([])
    await badReloads(here)
    await until(() => here.events().includes('event: reload'))
    expect(leaked(here.events())).toEqual([])
    await here.gateway.gateway.stop()
    // Stopping has sent the last of them.
    expect(here.spans()).toContain('logins')
    expect(leaked(here.spans())).toEqual([])
    const files = filesBelow(here.folder, ['secrets', 'mapgate.yaml'])
    expect(files.map(([path]) => path)).toEqual(
      expect.arrayContaining([join(here.folder, 'log'), join(here.folder, 'state/cache')]),
    )
    for (const [path, text] of files) expect([path, leaked(text)]).toEqual([path, []])
    // The search would have found them: the log was full and the addresses are in it.
    const log = JSON.stringify(here.gateway.log())
    expect(log).toContain('some.body+way1@person.example')
    expect(log).toContain('lookup failed')
    expect(log).toContain('"protocol":"sasl"')
    expect(log).toContain('reload refused')
    for (const table of ['introspected', 'signed']) expect(log).toContain(`"table":"${table}"`)
    expect(log).toContain('the issuer gives no keys for checking tokens')
    // What the shared store says of a command that it does not know; the arguments that it repeats are cut off.
    expect(log).toContain('ERR unknown command')
  })
})

describe('addresses of people', { timeout: TIMEOUT_MS }, () => {
  for (const keys of ['hash', 'none'] as const) {
    test(`are in no log line and no event with log.keys ${keys}`, async () => {
      const here = await stage(keys)
      await traffic(here)
      await everyRoute(here)
      await commandLine(here)
      await until(() => here.events().includes('event: lookup'))
      await here.gateway.gateway.stop()
      const log = readFileSync(join(here.folder, 'log'), 'utf8')
      expect(log).toContain('lookup failed')
      for (const text of [log, here.events()]) {
        expect(text.match(/.{0,80}(some\.body|way\d|%40|@person|@).{0,40}/i)?.[0]).toBeUndefined()
        expect(leaked(text)).toEqual([])
      }
    })
  }
})
