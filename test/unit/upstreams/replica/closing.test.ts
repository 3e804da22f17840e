/**
 * A copy that is closed while it is written and looked up: what LMDB does then may not reach the program.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { LmdbEnvironment, type LmdbRoot, loadLmdb } from '../../../../src/upstreams/lmdb.ts'
import { ReplicaFile } from '../../../../src/upstreams/replica/replica-file.ts'
import { copied, folder } from './replica-set-up.ts'

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
  await file.renew(1, 'a', 1)
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
