/**
 * `reload: watch` on a disk that does not answer, such as a dead network mount.
 */
import { mkdtempSync, promises, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { FileWatch } from '../../../src/gateway/file-watch.ts'
import type { DiskCalls } from '../../../src/gateway/files-on-disk.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

/** Two files, the second on a disk that answers when the test lets it. */
function place() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mapgate-watch-')))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [local, remote] = [join(folder, 'mapgate.yaml'), join(folder, 'secret')]
  writeFileSync(local, 'one')
  writeFileSync(remote, 'one')
  const calls: string[] = []
  let isDead = true
  const waiting: (() => void)[] = []
  const disk: DiskCalls = {
    lstat: (path, options) => promises.lstat(path, options),
    readlink: (path) => promises.readlink(path),
    async stat(path, options) {
      calls.push(path)
      if (path === remote && isDead) await new Promise<void>((resolve) => waiting.push(resolve))
      return promises.stat(path, options)
    },
  }
  const clock = new ManualClock()
  const troubles: string[] = []
  let changes = 0
  const watch = new FileWatch({
    clock,
    disk,
    onChanged: () => void changes++,
    onTrouble: (where, why) => void troubles.push(`${where}: ${why}`),
  })
  onTestFinished(() => watch.stop())
  const asked = () => calls.filter((path) => path === remote).length
  const answer = () => {
    isDead = false
    for (const resolve of waiting) resolve()
  }
  return { folder, local, remote, clock, watch, troubles, asked, answer, changes: () => changes }
}

test('a disk that does not answer is asked once, and said to be that', async () => {
  const { folder, local, remote, clock, watch, troubles, asked } = place()
  void watch.follow([local, remote])
  await vi.waitFor(() => expect(asked()).toBe(1))
  void watch.follow([remote, local])
  clock.advance(9999)
  expect(troubles).toEqual([])
  clock.advance(1)
  expect(troubles).toEqual([`${folder}: its disk does not answer`])
  clock.advance(60_000)
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked()).toBe(1)
  expect(troubles).toHaveLength(1)
})

test('a disk that answers at last is watched, with what was asked for meanwhile', async () => {
  const { local, remote, clock, watch, asked, answer, changes } = place()
  void watch.follow([remote])
  await vi.waitFor(() => expect(asked()).toBe(1))
  const followed = watch.follow([local, remote])
  answer()
  await followed
  expect(asked()).toBe(2)
  writeFileSync(remote, 'two!')
  clock.advance(199)
  expect(asked()).toBe(2)
  clock.advance(1)
  await vi.waitFor(() => expect(changes()).toBe(1))
  expect(asked()).toBe(3)
})

test('nothing is watched after a stop, whenever the disk answers', async () => {
  const { folder, remote, clock, watch, troubles, asked, answer, changes } = place()
  const followed = watch.follow([remote])
  await vi.waitFor(() => expect(asked()).toBe(1))
  watch.stop()
  expect(clock.timers).toBe(0)
  answer()
  await followed
  writeFileSync(join(folder, 'secret'), 'two!')
  expect(clock.timers).toBe(0)
  expect([changes(), troubles]).toEqual([0, []])
})
