/**
 * verify(8) and postscreen(8) of two Postfix instances keep what they learn in one store, over proxymap and over memcache; and in a
 * store that the gateway of each has in common with the other.
 */
import { connect } from 'node:net'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startHttpService } from '../support/http/http-service.ts'
import { type MainCf, type PostfixFiles, writePostfixFiles } from '../support/postfix/files.ts'
import { type LmtpSink, startLmtpSink } from '../support/postfix/lmtp-sink.ts'
import { type Postfix, postfixMissing, requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { until } from '../support/postfix/until.ts'
import { freePort } from '../support/programs/free-port.ts'
import { missingRedis, startRedis } from '../support/programs/redis.ts'
import { suiteCleanup } from '../support/programs/suite-cleanup.ts'
import { memcacheFile, type Serving, socketFolder, startServing } from './serving.ts'

const OLD_ENTRIES = 300

/** Writes entries that verify(8) has learned a long time ago. */
async function writeOldEntries(address: string, table: string): Promise<void> {
  const socket = connect(Number(address.slice(address.lastIndexOf(':') + 1)), '127.0.0.1')
  const value = '2:0:1000000:old'
  let stored = 0
  const done = new Promise<void>((resolve) =>
    socket.setEncoding('utf8').on('data', (text: string) => {
      stored += text.split('STORED').length - 1
      if (stored === OLD_ENTRIES) resolve()
    }),
  )
  for (let n = 0; n < OLD_ENTRIES; n++)
    socket.write(`set ${table}/old${n}@a.example 0 0 ${value.length}\r\n${value}\r\n`)
  await done
  socket.destroy()
}

async function countOldEntries(address: string, table: string): Promise<number> {
  const socket = connect(Number(address.slice(address.lastIndexOf(':') + 1)), '127.0.0.1')
  let text = ''
  const done = new Promise<void>((resolve) =>
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.split('END\r\n').length === OLD_ENTRIES + 1) resolve()
    }),
  )
  for (let n = 0; n < OLD_ENTRIES; n++) socket.write(`get ${table}/old${n}@a.example\r\n`)
  await done
  socket.destroy()
  return text.split('VALUE ').length - 1
}

/** Whole days for which an entry of `verify` is kept from now on. */
async function daysLeft({ gateway }: Serving, key: string): Promise<number | undefined> {
  const table = gateway.tables.store('verify')
  const page = typeof table === 'object' ? await table.entries(undefined, 10_000) : undefined
  const entry = page?.kind === 'page' ? page.entries.find((entry) => entry.key === key) : undefined
  return entry && Math.floor((entry.expiresAtMs - Date.now()) / 86_400_000)
}

/** Resolves when it uses the store that gateways share. */
async function connected(gateway: Serving['gateway']): Promise<void> {
  await until('the shared store', () => (gateway.status().shared?.state === 'up' ? true : undefined))
}

/** Old entries that are overwritten again and again while others are cleaned up. */
const RENEWED = 20

/**
 * Changes the table as verify(8) would that learns now, one change after the other: writes new entries, overwrites
 * old ones, and writes and deletes some that come and go. @returns Stops it.
 */
function keepChanging(address: string, table: string): () => void {
  const socket = connect(Number(address.slice(address.lastIndexOf(':') + 1)), '127.0.0.1')
  let turn = 0
  const set = (key: string) => {
    const seconds = Math.floor(Date.now() / 1000)
    const value = `0:${seconds}:${seconds}:new`
    return `set ${table}/${key}@a.example 0 0 ${value.length}\r\n${value}\r\n`
  }
  const change = () => {
    const round = Math.floor(turn / 4)
    const some = round % RENEWED
    // Keys in the midst of the old ones, in the order of the walk.
    const passing = `old${some}-passing`
    const changes = [
      set(`new${round}`),
      set(`old${some}`),
      set(passing),
      `delete ${table}/${passing}@a.example\r\n`,
    ]
    socket.write(changes[turn++ % 4] ?? '')
  }
  socket.on('data', change).once('connect', change)
  return () => socket.destroy()
}

// At the same time: both wait for Postfix most of the time. The tests of one protocol come one after the other.
describe.concurrent.each([
  ['proxymap', 'one gateway'],
  ['memcache', 'one gateway'],
  ['memcache', 'a gateway each'],
] as const)('two Postfix instances with one store over %s, %s', (protocol, gateways) => {
  const isShared = gateways === 'a gateway each'
  const cleanup = suiteCleanup()
  let serving: Serving
  let serve: () => Promise<Serving>
  /** Of the second instance. */
  let other: Serving
  let sink: LmtpSink
  let first: Postfix
  let second: Postfix
  let screened: readonly number[]

  async function start(
    { memcache }: Serving,
    files: PostfixFiles,
    port: number,
    lmtpPort: number,
  ): Promise<Postfix> {
    const table = async (name: string) =>
      protocol === 'proxymap'
        ? `proxy:mapgate:${name}`
        : `memcache:${await memcacheFile(files, memcache, name, ['ttl = 0'])}`
    const mainCf: MainCf = {
      address_verify_map: await table('verify'),
      postscreen_cache_map: await table('postscreen'),
      // Without a table of their own, so that nothing else needs the proxy.
      relay_domains: 'a.example',
      relay_transport: `lmtp:inet:127.0.0.1:${lmtpPort}`,
      smtpd_recipient_restrictions: 'reject_unauth_destination, reject_unverified_recipient',
      unverified_recipient_reject_code: '550',
      address_verify_poll_delay: '1s',
      address_verify_poll_count: '5',
      postscreen_access_list: '',
      postscreen_greet_wait: '1s',
      postscreen_greet_action: 'enforce',
      smtpd_forbid_bare_newline: 'no',
      ...(protocol === 'proxymap'
        ? { proxymap_service_name: '../mapgate/proxymap', proxywrite_service_name: '../mapgate/proxymap' }
        : { address_verify_cache_cleanup_interval: '0', postscreen_cache_cleanup_interval: '0' }),
    }
    const services = [
      'verify unix - - n - 1 verify',
      `127.0.0.1:${port} inet n - n - 1 postscreen`,
      'smtpd pass - - n - - smtpd',
      'dnsblog unix - - n - 0 dnsblog',
      'tlsproxy unix - - n - 0 tlsproxy',
    ]
    return startPostfix(cleanup, mainCf, { files, services })
  }

  beforeAll(async () => {
    if (postfixMissing() !== undefined || (isShared && missingRedis() !== undefined)) return
    const service = await startHttpService(cleanup)
    sink = await startLmtpSink(cleanup)
    const [one, two] = [await writePostfixFiles(cleanup), await writePostfixFiles(cleanup)]
    const listener = async (files: PostfixFiles) => ({
      protocol: 'proxymap',
      listen: `unix:${await socketFolder(files)}/proxymap`,
      mode: '0666',
      write: ['verify', 'postscreen'],
    })
    const listeners = [await listener(one), await listener(two)]
    const shared = isShared ? { url: (await startRedis(cleanup)).url, timeout: '1s' } : undefined
    const store = isShared ? {} : { directory: `${one.directory}/store` }
    serve = () =>
      startServing(
        cleanup,
        service,
        {},
        {
          listeners,
          upstreams: { learned: { store } },
          ...(shared && { shared }),
          written: { verify: { upstream: 'learned' }, postscreen: { upstream: 'learned' } },
        },
      )
    serving = await serve()
    if (isShared) {
      // The other one needs no sockets of files, which both cannot have.
      listeners.length = 0
      other = await serve()
      for (const { gateway } of [serving, other]) await connected(gateway)
    } else other = serving
    if (protocol === 'proxymap') {
      await writeOldEntries(serving.memcache, 'verify')
      expect(await countOldEntries(serving.memcache, 'verify')).toBe(OLD_ENTRIES)
    }
    screened = [await freePort(), await freePort()]
    if (protocol === 'proxymap') cleanup.onTestFinished(keepChanging(serving.memcache, 'verify'))
    first = await start(serving, one, screened[0] ?? 0, sink.port)
    // Nothing listens where the second one would ask for itself.
    second = await start(other, two, screened[1] ?? 0, await freePort())
  }, 60_000)

  beforeEach((context) => {
    requirePostfix(context)
    if (isShared && missingRedis() !== undefined) context.skip(missingRedis())
  })

  test.sequential('one learns that an address exists, and the other knows it without asking', async (context) => {
    const session = await openSmtpSession(context, first.smtpPort)
    const { recipients } = await session.send('x@elsewhere.example', ['bob@a.example'], 'first')
    expect(recipients.map(({ code }) => code)).toEqual([250])
    const other = await openSmtpSession(context, second.smtpPort)
    const shared = await other.commands(['MAIL FROM:<x@elsewhere.example>', 'RCPT TO:<bob@a.example>'])
    expect(shared.map(({ code }) => code)).toEqual([250, 250])
    const unknown = await openSmtpSession(context, second.smtpPort)
    const [, asked] = await unknown.commands(['MAIL FROM:<x@elsewhere.example>', 'RCPT TO:<carl@a.example>'])
    expect(asked?.code).toBe(450)
    // 30 days are the `ttl` of the store: over memcache Postfix says 3600 s where its file has no `ttl = 0`.
    expect(await daysLeft(serving, 'bob@a.example')).toBe(29)
  }, 60_000)

  test.sequential('one learns that a client waits for the greeting, and the other lets it pass at once', async (context) => {
    const hello = async (port: number | undefined) => {
      const session = await openSmtpSession(context, port ?? 0)
      await session.command('QUIT')
    }
    await hello(screened[0])
    await first.waitForLog(/postscreen.*PASS NEW \[127\.0\.0\.1\]/)
    await hello(screened[1])
    await second.waitForLog(/postscreen.*PASS OLD \[127\.0\.0\.1\]/)
  }, 60_000)

  if (protocol === 'proxymap') {
    test.sequential('a cleanup goes through all entries to its end while entries are written, overwritten and deleted', async () => {
      const cleaned = /verify.*full cleanup: retained=\d+ dropped=\d+ entries/
      await first.waitForLog(cleaned)
      // Those that were overwritten are no longer old.
      await expect.poll(() => countOldEntries(serving.memcache, 'verify')).toBe(RENEWED)
      expect(await first.readLog()).not.toMatch(/panic|fatal/)
    }, 60_000)
  }

  test.sequential('goes on while the gateway is away, or when it is back, and bounces nothing', async (context) => {
    await serving.gateway.stop()
    const known = await openSmtpSession(context, first.smtpPort)
    await known.command('MAIL FROM:<x@elsewhere.example>')
    const recipient = known.command('RCPT TO:<bob@a.example>')
    const screening = openSmtpSession(context, screened[0] ?? 0)
    if (protocol === 'memcache') {
      // verify(8) knows nothing, and postscreen(8) takes the client for a new one.
      expect((await recipient).code).toBe(450)
      expect((await (await screening).command('NOOP')).code).toBe(250)
    } else {
      // Both look for the gateway every ten seconds, and their clients wait.
      await first.waitForLog(/verify.*connect #1 to subsystem .*mapgate\/proxymap/)
      await first.waitForLog(/postscreen.*connect #1 to subsystem .*mapgate\/proxymap/)
      serving = await serve()
      expect((await recipient).code).toBe(250)
      expect((await (await screening).command('NOOP')).code).toBe(250)
    }
    expect(await first.readLog()).not.toMatch(/panic|fatal|status=bounced|requires backup database/)
  }, 60_000)
})
