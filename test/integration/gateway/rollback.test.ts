/**
 * A start or reload that fails late: everything that runs follows, or nothing does. The access to a
 * socket file is set last, and fails there for a process that may not give files away (chown(2), EPERM).
 */
import fs, { existsSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { found } from '../../../src/core/result.ts'
import { ListenError } from '../../../src/server/listen-error.ts'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { testDirectory } from '../../support/wire/sockets.ts'

interface Settings {
  /** `x-version` of every request to the service. */
  readonly version: string
  readonly token: string
  /** Owner of the socket file of the second listener. */
  readonly owner?: string
  /** What the first listener serves. */
  readonly serves?: string
  /** Further listeners. */
  readonly listeners?: string
  readonly endpoints?: string
}

/** The user whom these tests may not give a file to. */
const NOBODY = 65_533

/** Makes chown(2) refuse {@link NOBODY}, as it does everybody to a process without CAP_CHOWN; the tests run as root. */
function withoutTheRight(): void {
  const { chownSync } = fs
  const set = (chown: typeof chownSync) => {
    fs.chownSync = chown
    syncBuiltinESMExports()
  }
  onTestFinished(() => set(chownSync))
  set((path, uid, gid) => {
    if (uid === NOBODY)
      throw Object.assign(new Error('EPERM: operation not permitted, chown'), { code: 'EPERM' })
    chownSync(path, uid, gid)
  })
}

function yaml(service: HttpService, socket: string, settings: Settings): string {
  const { version, token, owner, serves = 'aliases', listeners = '', endpoints = service.origin } = settings
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0", tables: [${serves}] }
  - { protocol: socketmap, listen: "unix:${socket}"${owner === undefined ? '' : `, owner: ${owner}`} }
${listeners}
admin: { listen: "inet:127.0.0.1:0", anonymous: none, tokens: [{ token: ${token}, role: viewer }] }
upstreams: { directory: { endpoints: ["${endpoints}"], headers: { x-version: "${version}" } } }
tables:
  aliases: { upstream: directory, request: { path: "/{key}" }, cache: off }
  other: { upstream: directory, request: { path: "/{key}" }, cache: off }
`
}

const BEFORE = { version: 'one', token: 'the-very-first-token' }
const AFTER = { version: 'two', token: 'the-very-second-token', owner: `"${NOBODY}"` }

/** A gateway whose reload has just failed when everything else had followed already. */
async function failReload(
  settings: Settings,
): Promise<{ gateway: TestGateway; service: HttpService; folder: string }> {
  withoutTheRight()
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { text: 'b' }
  const folder = testDirectory()
  const socket = join(folder, 'socket')
  const gateway = await startGateway({ onTestFinished }, yaml(service, socket, BEFORE))
  gateway.write(yaml(service, socket, settings))
  expect(await gateway.gateway.reload()).toMatchObject({
    ok: false,
    issues: [expect.stringContaining('not permitted to give the socket file the owner 65533')],
  })
  return { gateway, service, folder }
}

describe('a reload that fails when a socket file cannot be given its owner', () => {
  test('asks the service as before', async () => {
    const { gateway, service } = await failReload(AFTER)
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual(found('b'))
    expect(service.requests.map(({ headers }) => headers['x-version'])).toEqual(['one'])
  })

  test('asks the endpoints that it had', async () => {
    const { gateway, service } = await failReload({ ...AFTER, endpoints: 'http://127.0.0.1:1' })
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual(found('b'))
    expect(gateway.gateway.status().upstreams[0]?.endpoints).toMatchObject([
      { name: `0:127.0.0.1:${service.port}` },
    ])
  })

  test('lets in who was let in by the admin API, and nobody else', async () => {
    const { gateway } = await failReload(AFTER)
    const statusWith = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` }
      return (await fetch(`${gateway.adminUrl}/api/v1/status`, { headers })).status
    }
    expect([await statusWith('the-very-first-token'), await statusWith('the-very-second-token')]).toEqual([
      200, 401,
    ])
  })

  test('serves the tables that each listener had, though one had changed already', async () => {
    const { gateway } = await failReload({ ...AFTER, serves: 'other' })
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual(found('b'))
    expect(await gateway.socketmap().lookup('other', 'a')).toMatchObject({ kind: 'permanent' })
  })

  test('closes the listeners that it had opened', async () => {
    const folder = testDirectory()
    const opened = join(folder, 'opened')
    const { gateway } = await failReload({
      ...AFTER,
      listeners: `  - { protocol: socketmap, listen: "unix:${opened}" }`,
    })
    expect(existsSync(opened)).toBe(false)
    expect(gateway.gateway.status().listeners).toHaveLength(2)
  })

  test('is no hindrance to the next one', async () => {
    const { gateway, service, folder } = await failReload(AFTER)
    gateway.write(yaml(service, join(folder, 'socket'), { version: 'three', token: 'the-very-third-token' }))
    expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual(found('b'))
    expect(service.requests.map(({ headers }) => headers['x-version'])).toEqual(['three'])
  })
})

test('a start that is refused an address closes what it had opened', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise((resolve) => taken.close(() => resolve())))
  const { port } = taken.address() as { port: number }
  const socket = join(testDirectory(), 'socket')
  const start = startGateway(
    { onTestFinished },
    `
listeners:
  - { protocol: socketmap, listen: "unix:${socket}" }
  - { protocol: socketmap, listen: "inet:127.0.0.1:${port}" }
upstreams: { fixed: { entries: { a: [b] } } }
tables: { aliases: { upstream: fixed } }
`,
  )
  await expect(start).rejects.toThrow(ListenError)
  expect(existsSync(socket)).toBe(false)
})
