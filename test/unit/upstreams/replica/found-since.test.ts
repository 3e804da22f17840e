/**
 * What lookups found since the copy, beside a list or changes that are read meanwhile: the order of the questions decides,
 * whatever the disk and the clock do.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { CopyOutcome } from '../../../../src/upstreams/replica/copy-job.ts'
import { FoundSince } from '../../../../src/upstreams/replica/found-since.ts'
import type { RunCopy } from '../../../../src/upstreams/replica/run-copy.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { withCopy } from './copy-file.ts'
import { folder, tableReplica } from './replica-set-up.ts'

/** What the service says next: of the one key of its list, and of no other one. */
type Said = (...round: Parameters<RunCopy>) => CopyOutcome

const LIST: Said = (job, file) => {
  const { slot, current } = file.beginFilling(job.token)
  file.fill(job.token, slot, [['old@x.example', 'old/']], false, [])
  const rest = { bytes: 20, validators: undefined, lost: 0, lostKeys: [], changed: current ? 0 : 1 }
  return { kind: 'filled', slot, entries: 1, cursor: 'r1', ...rest }
}

const UNCHANGED: Said = () => ({ kind: 'unchanged' })

const DELETED: Said = (job, file) => {
  const changes = { keys: new Map([['new@x.example', undefined]]), cursor: 'r2' }
  const plan = file.applyChanges('r1', changes, { askedAtMs: job.askedAtMs, maxShrink: 0.2 })
  if (plan.kind === 'shrunk') throw new TypeError('shrunk')
  return { kind: 'changed', set: 0, gone: 0, keys: plan.unlisted }
}

async function withReplica() {
  const path = folder()
  let said = LIST
  /** Runs when the question is sent. */
  let meanwhile = (): void => {}
  const gone: (readonly string[] | undefined)[] = []
  const run: RunCopy = async (...round) => {
    meanwhile()
    return said(...round)
  }
  const { replica, clock, followed } = tableReplica(path, run, (keys) => void gone.push(keys))
  onTestFinished(() => replica.close())
  const ended = async () => {
    while (replica.status().state === 'copying') await delay(1)
  }
  while (replica.status().state !== 'ready') await delay(1)
  gone.length = 0
  const find = (result: string | undefined) =>
    replica.noteAnswer('new@x.example', result, replica.generation, replica.round)
  return {
    replica,
    clock,
    gone,
    followed,
    found: () => replica.foundSince('new@x.example', 60_000),
    find,
    async round(next: Said, during = () => {}) {
      said = next
      meanwhile = during
      replica.refresh(false)
      await ended()
    },
  }
}

const ROUNDS = [
  ['changes that delete it', DELETED],
  ['a list that lacks it', LIST],
  ['the word that the list without it is current', UNCHANGED],
] as const

for (const [name, said] of ROUNDS) {
  describe(name, () => {
    test('are newer than a lookup of the same millisecond before, whose note is still on its way', async () => {
      const { replica, gone, found, find, round } = await withReplica()
      find('new/')
      await round(said)
      expect(found()).toBeUndefined()
      // What the cache has of the key goes with it.
      expect(gone).toEqual([['new@x.example']])
      // And nothing of it comes later.
      await replica.change('other@x.example', 'other/')
      expect(found()).toBeUndefined()
    })

    test('are newer than a lookup before, though the clock was set back meanwhile', async () => {
      const { clock, found, find, round } = await withReplica()
      find('new/')
      clock.stepWall(-5000)
      await round(said)
      expect(found()).toBeUndefined()
    })
  })
}

for (const [name, said] of ROUNDS.slice(1)) {
  test(`${name} is older than a lookup after its question, whatever the clock says`, async () => {
    const { clock, found, find, round } = await withReplica()
    find('new/')
    clock.advance(1)
    await round(said, () => {
      clock.stepWall(-5000)
      // The same as before: it is written again all the same.
      find('new/')
    })
    expect(found()).toBe('new/')
  })
}

test('changes that delete a key are newer than what lookups found until they are taken over', async () => {
  const { replica, found, find, round } = await withReplica()
  await round(DELETED, () => find('new/'))
  await replica.change('other@x.example', 'other/')
  expect(found()).toBeUndefined()
})

test('the order goes on over a restart, also for a list that is kept aside', async () => {
  const copy = await withCopy()
  const since = new FoundSince(copy.file, new ManualClock())
  expect(await since.beginRound()).toBe(1)
  since.note('before', 'b/', 0, since.round)
  expect(await since.beginRound()).toBe(2)
  await copy.hold([['a', '9']], 2)
  await copy.reopen()
  const again = new FoundSince(copy.file, new ManualClock())
  again.note('after', 'a/', 0, again.round)
  expect(await again.beginRound()).toBe(3)
  expect(await copy.file.settleHeld(true)).toBe('done')
  copy.file.refresh()
  expect(['before', 'after'].map((key) => copy.file.foundKey(key)?.result)).toEqual([undefined, 'a/'])
})

test('a lookup that asked the service of other settings is not written down', async () => {
  const { replica, clock, followed, found } = await withReplica()
  const { generation } = replica
  replica.start({ ...followed, marks: { fingerprint: 'two', readAs: 'two' } })
  clock.advance(0)
  while (replica.status().state !== 'ready') await delay(1)
  replica.noteAnswer('new@x.example', 'new/', generation, replica.round)
  expect(found()).toBeUndefined()
  replica.noteAnswer('new@x.example', 'new/', replica.generation, replica.round)
  expect(found()).toBe('new/')
})

for (const [name, said] of ROUNDS) {
  test(`${name} is newer than a lookup that was sent before, and answered after it`, async () => {
    const { replica, found, round } = await withReplica()
    const sent = [replica.generation, replica.round] as const
    await round(said)
    replica.noteAnswer('new@x.example', 'new/', ...sent)
    expect(found()).toBeUndefined()
    // Nor does it come later, when it is written.
    await replica.change('other@x.example', 'other/')
    expect(found()).toBeUndefined()
    replica.noteAnswer('new@x.example', 'new/', replica.generation, replica.round)
    expect(found()).toBe('new/')
  })
}

test('a "not found" that was asked for before does not take back what a later lookup found', async () => {
  const { replica, found, find, round } = await withReplica()
  const sent = [replica.generation, replica.round] as const
  await round(LIST, () => find('new/'))
  replica.noteAnswer('new@x.example', undefined, ...sent)
  expect(found()).toBe('new/')
})

test('what is found while the first list is read outlives that list', async () => {
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const { replica } = tableReplica(folder(), async (job, file, ...rest) => {
    await ended
    return LIST(job, file, ...rest)
  })
  onTestFinished(() => replica.close())
  // The question is sent when what was found before is written.
  await delay(1)
  replica.noteAnswer('new@x.example', 'new/', replica.generation, replica.round)
  end()
  while (replica.status().state !== 'ready') await delay(1)
  await replica.change('other@x.example', 'other/')
  expect(replica.foundSince('new@x.example', 60_000)).toBe('new/')
})

test('where an earlier version kept a list aside, the clock says what was found before it', async () => {
  const copy = await withCopy()
  await copy.file.noteFound(
    new Map([
      ['before', { result: 'b/', atMs: 999, round: 7 }],
      ['after', { result: 'a/', atMs: 1000, round: 0 }],
    ]),
  )
  await copy.hold([['a', '9']], undefined)
  expect(await copy.file.settleHeld(true)).toBe('done')
  copy.file.refresh()
  expect(['before', 'after'].map((key) => copy.file.foundKey(key)?.result)).toEqual([undefined, 'a/'])
})
