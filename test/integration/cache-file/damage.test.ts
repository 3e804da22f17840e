/**
 * What may happen to the cache file from outside: SIGKILL while it is written, a full disk, a directory
 * that cannot be written, bytes that change. The file is whole or set aside, and the gateway starts
 * and answers.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { found } from '../../../src/core/result.ts'
import { loadConfig } from '../../../src/gateway/load-config.ts'
import { modulesInto, startChild } from '../../support/gateway/built.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { KeyedService } from '../../support/http/keyed-service.ts'
import { between, liveSeed, seededRandom } from '../../support/traffic/seeded.ts'

/** Kills; each at another moment of a save. */
const KILLS = 8
/** Answers of one file: a save takes some tens of milliseconds. */
const ENTRIES = 20_000
/** Longest time from the begin of a save to the kill, ms. Ours: a little more than a save takes. */
const LATEST_KILL_MS = 80

let built = ''
beforeAll(() => {
  built = `${process.cwd()}/test-output/cache-file-${process.pid}`
  modulesInto(built)
  return () => rmSync(built, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const CONFIG = (origin: string, cacheFile: string): string => `${TWO_LISTENERS}
cacheFile: ${cacheFile}
upstreams: { directory: { endpoints: ["${origin}"] } }
tables: { aliases: { upstream: directory, request: { path: "/g1/aliases/{key}" }, cache: { ttl: 1h } } }
`

async function startService(): Promise<KeyedService> {
  const service = await new KeyedService({ random: seededRandom(1), mischief: 0 }).start()
  onTestFinished(() => service.stop())
  return service
}

/** Saves the same answers again and again, and says before each time. */
function saverProgram(path: string, fingerprint: string): string {
  const file = (name: string) => JSON.stringify(pathToFileURL(`${built}/${name}`).href)
  return `
    import { MemoryAnswerStore } from ${file('core/cache/memory-answer-store.js')}
    import { systemClock } from ${file('core/clock.js')}
    import { CacheFile } from ${file('persistence/cache-file.js')}
    const store = new MemoryAnswerStore({ clock: systemClock, maxEntries: 1e6, maxNegativeEntries: 1, maxBytes: 1e9 })
    const freshness = { freshnessLifetimeMs: 3600000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }
    for (let n = 0; n < ${ENTRIES}; n++)
      store.set('user' + n, { value: 't-aliases=user' + n + '=g1', freshness, ageMs: 0 })
    const cache = new CacheFile({ path: ${JSON.stringify(path)}, clock: systemClock, onWarning: console.error })
    const table = { name: 'aliases', fingerprint: ${JSON.stringify(fingerprint)}, store }
    await cache.save([table])
    for (;;) {
      console.log('saving')
      await cache.save([table])
    }`
}

describe('the cache file', () => {
  test(`is whole after SIGKILL at ${KILLS} random moments of writing it`, { timeout: 120_000 }, async (t) => {
    const random = seededRandom(liveSeed())
    const service = await startService()
    const folder = newFolder()
    const path = join(folder, 'cache')
    writeFileSync(join(folder, 'mapgate.yaml'), CONFIG(service.origin, path))
    const config = await loadConfig(join(folder, 'mapgate.yaml'))
    const program = saverProgram(path, config.tables.get('aliases')?.fingerprint ?? '')
    for (let kill = 0; kill < KILLS; kill++) {
      const saver = startChild(process.execPath, ['--input-type=module', '-e', program])
      await saver.line()
      await new Promise((resolve) => setTimeout(resolve, between(random, 0, LATEST_KILL_MS)))
      const ended = new Promise((resolve) => saver.process.once('close', resolve))
      saver.process.kill('SIGKILL')
      await ended
    }
    const gateway = await startGateway(t, CONFIG(service.origin, path), { folder })
    expect(await gateway.socketmap().lookup('aliases', 'user19999')).toEqual(found('t-aliases=user19999=g1'))
    expect(service.requests).toBe(0)
    expect(gateway.log()).toContainEqual(expect.objectContaining({ event: 'cache-file', loaded: ENTRIES }))
    await gateway.gateway.stop()
    // Not even an unfinished file is left after the next save.
    expect(readdirSync(folder).filter((name) => name.startsWith('cache'))).toEqual(['cache'])
  })

  test('is set aside when its bytes have changed or are missing, and the gateway starts and answers', async (t) => {
    const random = seededRandom(liveSeed())
    const service = await startService()
    const first = await startGateway(t, CONFIG(service.origin, join(newFolder(), 'cache')))
    for (let n = 0; n < 20; n++) await first.socketmap().lookup('aliases', `user${n}`)
    await first.gateway.stop()
    const path = /cacheFile: (\S+)/.exec(readFileSync(join(first.folder, 'mapgate.yaml'), 'utf8'))?.[1] ?? ''
    const whole = readFileSync(path)
    for (let damage = 0; damage < 10; damage++) {
      const bytes = Buffer.from(whole)
      const at = between(random, 0, bytes.length - 1)
      bytes[at] = (bytes[at] ?? 0) ^ between(random, 1, 255)
      writeFileSync(path, damage % 2 === 0 ? bytes : whole.subarray(0, at))
      const gateway = await startGateway(t, CONFIG(service.origin, path))
      expect(await gateway.socketmap().lookup('aliases', 'user1')).toEqual(found('t-aliases=user1=g1'))
      await gateway.gateway.stop()
      expect(JSON.stringify(gateway.log())).toContain('set aside as')
    }
  })

  test('stays as it was on a full disk, and the gateway goes on', async (t) => {
    const disk = newFolder()
    requireMount(t, disk, 'size=64k')
    const service = await startService()
    const path = join(disk, 'cache')
    const yaml = CONFIG(service.origin, path)
    const first = await startGateway(t, yaml)
    await first.socketmap().lookup('aliases', 'user1')
    await first.gateway.stop()
    const before = readFileSync(path)

    const second = await startGateway(t, yaml)
    const client = second.socketmap()
    // Answers of 4,000 characters: more than the disk holds.
    for (let n = 0; n < 50; n++) await client.lookup('aliases', `big${n}`)
    await second.gateway.stop()
    expect(JSON.stringify(second.log())).toContain('cannot be written (ENOSPC)')
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(existsSync(`${path}.tmp`)).toBe(false)

    const third = await startGateway(t, yaml)
    const asked = service.requests
    expect(await third.socketmap().lookup('aliases', 'user1')).toEqual(found('t-aliases=user1=g1'))
    expect(service.requests).toBe(asked)
  })

  test('in a directory that cannot be written costs a warning, and no answer', async (t) => {
    const disk = newFolder()
    requireMount(t, disk, 'ro')
    const service = await startService()
    const gateway = await startGateway(t, CONFIG(service.origin, join(disk, 'cache')))
    expect(await gateway.socketmap().lookup('aliases', 'user1')).toEqual(found('t-aliases=user1=g1'))
    await gateway.gateway.stop()
    expect(JSON.stringify(gateway.log())).toContain('cannot be written (EROFS)')
  })

  test('whose directory is a file costs a warning, and no answer', async (t) => {
    const folder = newFolder()
    writeFileSync(join(folder, 'file'), '')
    const service = await startService()
    const gateway = await startGateway(t, CONFIG(service.origin, join(folder, 'file', 'cache')))
    expect(await gateway.socketmap().lookup('aliases', 'user1')).toEqual(found('t-aliases=user1=g1'))
    await gateway.gateway.stop()
    expect(JSON.stringify(gateway.log())).toContain('cannot be written (ENOTDIR)')
  })
})

/** Mounts a small disk, or skips the test; with `CI=true` that is a failure. */
function requireMount(t: { skip(note?: string): void }, folder: string, options: string): void {
  mkdirSync(folder, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    const why = `needs root and the right to mount a tmpfs: ${String(error).split('\n')[1] ?? ''}`
    if (process.env.CI === 'true') throw new Error(why)
    t.skip(why)
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder])
  })
}
