/**
 * What is pushed while a list is read or kept aside, and keys that lookups found: over an exchange, and over a crash.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FoundSince } from '../../../../src/upstreams/replica/found-since.ts'
import { ReplicaFile } from '../../../../src/upstreams/replica/replica-file.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { Copy, folder, withCopy } from './copy-file.ts'

describe('a list that is kept aside, and then accepted', () => {
  for (const crashes of [false, true]) {
    test(`has what was pushed since it was asked for${crashes ? ', also after a crash' : ''}`, async () => {
      const copy = await withCopy()
      // While it is read, and while it is kept aside.
      await copy.push('while-read', 'x', true)
      await copy.push('b', undefined, true)
      await copy.hold([
        ['a', '9'],
        ['b', '8'],
      ])
      await copy.push('while-held', 'y')
      await copy.push('a', 'z')
      if (crashes) await copy.reopen()
      expect(await copy.file.settleHeld(true)).toBe('done')
      expect(['a', 'b', 'c', 'while-read', 'while-held'].map((key) => copy.get(key))).toEqual([
        'z',
        undefined,
        undefined,
        'x',
        'y',
      ])
      const state = copy.file.state()
      expect(state).not.toHaveProperty('held')
      // The next list, or the changes since the copy before, must have the last word about what was pushed.
      expect(state?.current).toMatchObject({ entries: 3, cursor: 'r1' })
      expect(state?.current).not.toHaveProperty('validators')
    })
  }

  test('has what was pushed even when another list is asked for meanwhile, which forgets what it knows', async () => {
    const copy = await withCopy()
    await copy.hold([['a', '9']])
    await copy.push('new', 'x')
    copy.file.forgetPushes()
    expect(await copy.file.settleHeld(true)).toBe('done')
    expect(copy.get('new')).toBe('x')
  })

  test('is as it came when nothing was pushed', async () => {
    const copy = await withCopy()
    await copy.push('old', 'x')
    await copy.hold([['a', '9']])
    expect(await copy.file.settleHeld(true)).toBe('done')
    expect(copy.get('old')).toBeUndefined()
    expect(copy.file.state()?.current).toMatchObject({
      entries: 1,
      cursor: 'r2',
      validators: { etag: '"1"' },
    })
  })

  test('or rejected, leaves nothing of its pushes to the next one', async () => {
    const copy = await withCopy()
    await copy.hold([['a', '9']])
    await copy.push('new', 'x')
    expect(await copy.file.settleHeld(false)).toBe('done')
    expect(await copy.file.settleHeld(true)).toBe('nothing')
    expect(copy.get('new')).toBe('x')
    await copy.hold([['a', '8']])
    expect(await copy.file.settleHeld(true)).toBe('done')
    expect(copy.get('new')).toBeUndefined()
  })

  test('while another list is read: the next exchange has the pushes of both', async () => {
    const copy = await withCopy()
    await copy.hold([['a', '9']])
    await copy.push('new', 'x', true)
    expect(await copy.file.settleHeld(true)).toBe('done')
    expect(await copy.use([['a', '10']])).toBe(true)
    expect([copy.get('a'), copy.get('new')]).toEqual(['10', 'x'])
  })
})

test('a list in use has what was pushed while it was read, and is not confirmed by its validators', async () => {
  const copy = await withCopy()
  const record = copy.fill([['a', '1']], 't')
  await copy.push('new', 'x', true)
  await copy.push('a', undefined, true)
  expect(await copy.file.exchange('t', record, 0)).toBe(true)
  expect([copy.get('a'), copy.get('new')]).toEqual([undefined, 'x'])
  expect(copy.file.state()?.current).toMatchObject({ entries: 1, cursor: 'r1' })
  expect(copy.file.state()?.current).not.toHaveProperty('validators')
})

test('"unchanged" says nothing about another copy than the one it was asked by', async () => {
  const copy = await withCopy()
  await copy.hold([['a', '9']])
  const before = copy.file.state()?.current?.slot
  expect(await copy.file.settleHeld(true)).toBe('done')
  expect(await copy.file.renew(5000, before, 1)).toBe(false)
  copy.file.refresh()
  const current = copy.file.state()?.current
  expect(current?.copiedAtMs).toBe(1000)
  expect(await copy.file.renew(5000, current?.slot, 1)).toBe(true)
  copy.file.refresh()
  expect(copy.file.state()?.current?.copiedAtMs).toBe(5000)
})

describe('keys that lookups found after the copy', () => {
  const found = (result: string, round = 2) => ({ result, atMs: 1500, round })

  test('are there after a crash, until the service says otherwise', async () => {
    const copy = await withCopy()
    await copy.file.noteFound(new Map([['new', found('n/ 1')]]))
    await copy.reopen()
    expect(copy.file.foundKey('new')).toEqual({ result: 'n/ 1', atMs: 1500, round: 2 })
    await copy.file.noteFound(new Map([['new', undefined]]))
    copy.file.refresh()
    expect(copy.file.foundKey('new')).toBeUndefined()
  })

  test('are forgotten when a list has them, and when it was asked for after them; others stay', async () => {
    const copy = await withCopy()
    const keys = ['listed', 'old', 'other'] as const
    await copy.file.noteFound(
      new Map([
        ['listed', found('1')],
        ['old', found('2', 1)],
        ['other', found('3')],
      ]),
    )
    expect(await copy.use([['listed', '1']], 2)).toBe(true)
    copy.file.refresh()
    expect(keys.map((key) => copy.file.foundKey(key)?.result)).toEqual([undefined, undefined, '3'])
  })

  test('are forgotten when they are pushed, or changes have them', async () => {
    const copy = await withCopy()
    await copy.file.noteFound(
      new Map([
        ['pushed', found('1')],
        ['gone', found('2')],
        ['changed', found('3')],
      ]),
    )
    await copy.push('pushed', 'x')
    await copy.push('gone', undefined)
    copy.file.applyChanges(
      'r1',
      { keys: new Map([['changed', '4']]), cursor: 'r2' },
      { askedAtMs: 3000, maxShrink: 0.2 },
    )
    copy.file.refresh()
    expect(['pushed', 'gone', 'changed'].map((key) => copy.file.foundKey(key))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('are ten thousand at most, and those that are there are still written', async () => {
    const copy = await withCopy()
    const many = Array.from({ length: 10_001 }, (_, at) => [`k${at}`, found('v')] as const)
    await copy.file.noteFound(new Map(many))
    copy.file.refresh()
    expect([copy.file.foundKey('k9999')?.result, copy.file.foundKey('k10000')]).toEqual(['v', undefined])
    await copy.file.noteFound(new Map([['k5', found('other')]]))
    copy.file.refresh()
    expect(copy.file.foundKey('k5')?.result).toBe('other')
  })

  test('are known at once, and for as long as they may be', async () => {
    const copy = await withCopy()
    const clock = new ManualClock()
    const since = new FoundSince(copy.file, clock)
    since.note('New@bücher.example', 'n/', 0, since.round)
    expect(since.get('New@xn--bcher-kva.example', 10)).toBe('n/')
    clock.advance(10)
    expect(since.get('New@bücher.example', 10)).toBe('n/')
    clock.advance(1)
    expect(since.get('New@bücher.example', 10)).toBeUndefined()
    since.note('New@bücher.example', undefined, 0, since.round)
    expect(since.get('New@bücher.example', 100)).toBeUndefined()
  })

  test('are not brought back by an answer that was asked for before a push', async () => {
    const copy = await withCopy()
    const since = new FoundSince(copy.file, new ManualClock())
    const { generation } = since
    since.drop(['new@xn--bcher-kva.example'])
    since.note('new@bücher.example', 'n/', generation, since.round)
    expect(since.get('new@bücher.example', 10)).toBeUndefined()
    since.note('other@bücher.example', 'o/', generation, since.round)
    expect(since.get('other@bücher.example', 10)).toBe('o/')
    since.note('new@bücher.example', 'n/', since.generation, since.round)
    expect(since.get('new@bücher.example', 10)).toBe('n/')
  })

  test('are gone when changes delete them, though the copy never had them', async () => {
    const copy = await withCopy()
    await copy.file.noteFound(new Map([['new', found('n/')]]))
    const changes = { keys: new Map([['new', undefined]]), cursor: 'r2' }
    const plan = copy.file.applyChanges('r1', changes, { askedAtMs: 3000, maxShrink: 0.2 })
    expect(plan).toMatchObject({ kind: 'apply', set: [], gone: [], unlisted: ['new'] })
    copy.file.refresh()
    expect(copy.file.foundKey('new')).toBeUndefined()
  })

  test('are gone when the service says that its list, asked for after them, is current', async () => {
    const copy = await withCopy()
    await copy.file.noteFound(
      new Map([
        ['before', found('1', 1)],
        ['after', found('2', 2)],
      ]),
    )
    const slot = copy.file.state()?.current?.slot ?? 'a'
    expect(copy.file.foundBefore(2, slot)).toEqual(['before'])
    expect(await copy.file.renew(2000, slot, 2)).toBe(true)
    copy.file.refresh()
    expect(['before', 'after'].map((key) => copy.file.foundKey(key)?.result)).toEqual([undefined, '2'])
  })

  test('are written behind the reply', async () => {
    const copy = await withCopy()
    const since = new FoundSince(copy.file, new ManualClock())
    for (const key of ['x', 'y', 'z']) since.note(key, `${key}/`, 0, since.round)
    since.note('y', undefined, 0, since.round)
    // Waits for those before it.
    await copy.file.noteFound(new Map())
    await copy.file.noteFound(new Map())
    await copy.reopen()
    expect(['x', 'y', 'z'].map((key) => copy.file.foundKey(key)?.result)).toEqual(['x/', undefined, 'z/'])
  })
})

test('a folder that another process has open is refused, until that process ends however it ends', async () => {
  const path = folder()
  // Of LMDB alone: what it has open is what counts.
  const script = `
    const { open } = require('lmdb')
    open({ path: process.argv[1], noSubdir: false, maxDbs: 7, encoding: 'string' }).get('state')
    console.log('open')
    setInterval(() => {}, 1000)`
  const other = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void other.kill('SIGKILL'))
  await once(other.stdout, 'data')
  expect(() => ReplicaFile.open(path)).toThrow(
    `the folder of the replica, ${path}, cannot be used: process ${other.pid} uses it already; give each mapgate a folder of its own (replica.directory), or end that process`,
  )
  const ended = once(other, 'exit')
  other.kill('SIGKILL')
  await ended
  const file = ReplicaFile.open(path)
  await file.close()
})

test('the files of a copy are for their owner alone', async () => {
  const path = folder()
  const copy = new Copy(join(path, 'replica', 'mailboxes'))
  onTestFinished(() => copy.file.close())
  await copy.use([['a', '1']])
  const modeOf = (...names: string[]): string => (statSync(join(path, ...names)).mode & 0o777).toString(8)
  expect(modeOf('replica')).toBe('700')
  expect(modeOf('replica', 'mailboxes')).toBe('700')
  expect(modeOf('replica', 'mailboxes', 'data.mdb')).toBe('600')
  expect(modeOf('replica', 'mailboxes', 'lock.mdb')).toBe('600')
})
