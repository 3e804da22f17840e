/**
 * The compiled program on a disk that is full: the old copy stays and goes on, and the reason is told.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SocketmapClient } from '../../../src/library/clients.ts'
import { askAdmin } from '../../support/gateway/admin-socket.ts'
import {
  buildPackage,
  type GatewayProcess,
  startGatewayProcess,
} from '../../support/gateway/gateway-process.ts'
import { type Cleanup, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { folderFor, keyOf, listYaml } from './replicated.ts'

const KEYS = 3000

/** A folder with room for one copy and a part of another, and what starts the program there. */
interface SmallDisk {
  readonly folder: string
  readonly prefix: readonly string[]
}

const DISKS: [name: string, why: RegExp, make: (t: Cleanup) => SmallDisk | undefined][] = [
  [
    'that has no space left',
    /^the copy cannot be written: .*; is the disk full\?$/,
    (t) => {
      const folder = folderFor(t)
      const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
      if (mount.status !== 0) return undefined
      t.onTestFinished(() => {
        spawnSync('umount', ['-l', folder])
      })
      return { folder: join(folder, 'replica'), prefix: [] }
    },
  ],
  [
    'on which files may not grow',
    /^the copy cannot be written: .*; is the disk full\?$/,
    (t) => ({ folder: folderFor(t), prefix: ['sh', '-c', 'ulimit -f 2048; exec "$@"', 'sh'] }),
  ],
]

let built = ''
let remove = (): void => {}
beforeAll(() => {
  ;({ built, remove } = buildPackage('full-disk'))
})
afterAll(() => remove())

function serve(service: HttpService, value: string): void {
  service.otherwise = {
    json: Object.fromEntries(Array.from({ length: KEYS }, (_, at) => [keyOf(at), value])),
  }
}

describe('a disk', () => {
  for (const [name, why, make] of DISKS) {
    test(`${name} keeps the old copy, also over a restart`, { timeout: 240_000 }, async (t) => {
      const disk = make(t)
      if (disk === undefined) return t.skip('needs the right to mount a tmpfs')
      const service = await startHttpService(t)
      serve(service, 'old')
      const first = await startGatewayProcess(t, built, listYaml(service.origin, disk.folder), disk.prefix)
      expect(await settled(first, 1)).toMatchObject({ state: 'ready', entries: KEYS })
      serve(service, 'x'.repeat(200))
      await askAdmin(first, 'POST', '/api/v1/tables/mailboxes/replica/refresh')
      expect(await settled(first, 2)).toMatchObject({
        state: 'ready',
        entries: KEYS,
        failures: 1,
        lastFailure: expect.stringMatching(why),
      })
      expect(await valuesOf(first)).toEqual(['old'])
      await first.stop()

      const second = await startGatewayProcess(t, built, listYaml(service.origin, disk.folder), disk.prefix)
      expect(await valuesOf(second)).toEqual(['old'])
      serve(service, 'new')
      await askAdmin(second, 'POST', '/api/v1/tables/mailboxes/replica/refresh')
      expect(await settled(second, 1)).toMatchObject({ state: 'ready', copies: 1 })
      expect(await valuesOf(second)).toEqual(['new'])
      await expectPushRefused(second)
      expect(await valuesOf(second)).toEqual(['new'])
    })
  }
})

/** Pushes until the disk is full: what was answered 200 is there, and what comes then is refused and changes nothing. */
async function expectPushRefused(gateway: GatewayProcess): Promise<void> {
  for (let at = 0; ; at++) {
    const path = `/api/v1/tables/mailboxes/replica/entries/new${at}`
    const { status, body } = await askAdmin(gateway, 'PUT', path, { value: 'v'.repeat(8000) })
    if (status === 200) continue
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { code: 'replica-failed', detail: expect.stringMatching(/is the disk full\?$/) },
    })
    expect(await gateway.metric('mapgate_replica_entries')).toBe(KEYS + at)
    break
  }
}

interface Status {
  readonly state: string
  readonly copies: number
  readonly failures: number
}

async function settled(gateway: GatewayProcess, rounds: number): Promise<Status> {
  for (;;) {
    const { replica } = (await askAdmin(gateway, 'GET', '/api/v1/tables/mailboxes')).body as {
      replica: Status
    }
    if (replica.state !== 'copying' && replica.copies + replica.failures >= rounds) return replica
    await delay(20)
  }
}

/** The values that the keys have, each once. */
async function valuesOf(gateway: GatewayProcess): Promise<string[]> {
  const client = new SocketmapClient({ address: `inet:127.0.0.1:${gateway.ports[0]}` })
  const values = new Set<string>()
  const keys = Array.from({ length: KEYS / 10 }, (_, at) => keyOf(at * 10))
  for (const answer of await Promise.all(keys.map((key) => client.lookup('mailboxes', key))))
    values.add(answer.kind === 'found' ? answer.value : answer.kind)
  client.close()
  return [...values]
}
