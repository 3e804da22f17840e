/**
 * A copy that is closed while it is written and looked up: what LMDB does then may not reach the program.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { LmdbEnvironment, type LmdbRoot, loadLmdb } from '../../../../src/upstreams/lmdb.ts'
import { ReplicaFile } from '../../../../src/upstreams/replica/replica-file.ts'
import type { RunCopy } from '../../../../src/upstreams/replica/run-copy.ts'
import { type Followed, TableReplica } from '../../../../src/upstreams/replica/table-replica.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { responseSettings } from '../../../support/http/http-endpoint.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-replica-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Exceptions that nobody catches, from now on. */
function uncaught(): unknown[] {
  const seen: unknown[] = []
  const others = process.listeners('uncaughtException')
  const note = (error: unknown): void => void seen.push(error)
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', note)
  onTestFinished(() => {
    process.off('uncaughtException', note)
    for (const other of others) process.on('uncaughtException', other)
  })
  return seen
}

const list: Followed['settings']['list'] = {
  path: '/list',
  everyMs: 3_600_000,
  maxShrink: 0.2,
  format: undefined,
  items: '$[*]',
  key: undefined,
  value: undefined,
  next: undefined,
  changes: undefined,
  cursor: '$.cursor',
  deleted: '$.deleted',
  wholeEveryMs: 86_400_000,
  timeoutMs: 60_000,
  maxBytes: 1_000_000,
  maxEntries: 1000,
  authoritative: true,
  notFoundForMs: 60_000,
}

/** A list with one entry. */
const copyOne: RunCopy = async (job, file: ReplicaFile) => {
  const slot = file.beginFilling(job.token)
  file.fill(job.token, slot, [['old@x.example', 'old/']], false, [])
  return {
    kind: 'filled',
    slot,
    entries: 1,
    bytes: 20,
    validators: undefined,
    cursor: undefined,
    lost: 0,
    lostKeys: [],
    changed: 1,
  }
}

async function copied(path: string) {
  const clock = new ManualClock()
  const replica = new TableReplica(path, {
    clock,
    random: () => 0.5,
    observer: { replicaChanged: () => {} },
    onCredentialsRefused: () => {},
    onDefect: (error) => expect.unreachable(String(error)),
    drilled: () => false,
    authorize: () => expect.unreachable('no service is asked'),
    run: copyOne,
  })
  const followed: Followed = {
    settings: {
      table: 'mailboxes',
      foldCase: true,
      list,
      response: responseSettings({}),
      usedBy: [],
      canary: undefined,
    },
    upstream: () => ({}) as ReturnType<Followed['upstream']>,
    fingerprint: 'one',
    onGone: () => {},
  }
  replica.start(followed)
  clock.advance(0)
  while (replica.status().state !== 'ready') await delay(1)
  return replica
}

test('a change that is being written when the copy is closed is written, and nothing is looked up behind it', async () => {
  const exceptions = uncaught()
  const path = folder()
  const replica = await copied(path)
  expect(replica.find('old@x.example')).toBe('old/')
  expect(replica.ageMs()).toBe(0)
  const change = replica.change('new@x.example', 'new/')
  const closed = replica.close()
  expect(await change).toMatchObject({ kind: 'done' })
  await closed
  // Timers of LMDB that were set meanwhile.
  await delay(5)
  expect(exceptions).toEqual([])

  const again = ReplicaFile.open(path)
  const { current } = again.state() ?? {}
  expect(current).toMatchObject({ slot: 'a', entries: 2 })
  expect(again.get('a', 'new@x.example')).toBe('new/')
  await again.close()
})

test('a closed copy has no age, so that a key that it lacks is not "not found"', async () => {
  const replica = await copied(folder())
  const closed = replica.close()
  await replica.close()
  await closed
  expect(replica.find('old@x.example')).toBeUndefined()
  expect(replica.ageMs()).toBe(Number.POSITIVE_INFINITY)
  expect(await replica.settleHeld(true)).toMatchObject({ kind: 'nothing' })
  expect(await replica.change('new@x.example', 'new/')).toMatchObject({ kind: 'nothing' })
})

test('a folder that is being closed is read no more: LMDB would throw in a timer of its own', async () => {
  const exceptions = uncaught()
  const path = folder()
  await (await copied(path)).close()
  const file = ReplicaFile.open(path)
  expect(file.state()?.current).toMatchObject({ entries: 1 })
  await file.renew(1)
  const closed = file.close()
  // What was asked for before may end now: a change of another gateway, for example.
  for (let turn = 0; turn < 10; turn++) {
    file.refresh()
    expect(file.state()).toBeUndefined()
    await Promise.resolve()
  }
  await closed
  await delay(5)
  expect(exceptions).toEqual([])
})

function environment(path: string) {
  const options = { path, encoding: 'string', maxDbs: 1, noSubdir: false, permissionsMode: 0o600 } as const
  const root: LmdbRoot<string, string> = loadLmdb('a test').open({ ...options, eventTurnBatching: false })
  return new LmdbEnvironment(root)
}

test('an environment that is closed does the whole of what waits, and nothing that comes then', async () => {
  const exceptions = uncaught()
  const path = folder()
  const one = environment(path)
  const written = one.transaction(() => {
    one.root.putSync('a', '1')
    one.root.putSync('b', '2')
    return 'written'
  })
  const closed = one.close()
  expect(one.isOpen).toBe(false)
  await expect(one.transaction(() => 'late')).rejects.toThrow('it is closed')
  expect(await written).toBe('written')
  await closed
  await one.close()

  const two = environment(path)
  expect([two.root.get('a'), two.root.get('b')]).toEqual(['1', '2'])
  await two.close()
  await delay(5)
  expect(exceptions).toEqual([])
})
