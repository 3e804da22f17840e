/**
 * What is written behind the replies while the store cannot be reached: entries are dropped, and what must be gone is not forgotten.
 */
import { expect, test } from 'vitest'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import type { Reply } from '../../../src/tier/connection.ts'
import { WriteQueue } from '../../../src/tier/write-queue.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'

function start() {
  const sent: string[] = []
  const world = { isUp: false, isFailing: false }
  const connection = {
    send: async (...words: readonly (string | Buffer)[]): Promise<Reply> => {
      if (world.isFailing) throw new Error('it ends')
      sent.push(words.map(String).join(' '))
      return 1
    },
    close: () => {},
  }
  const queue = () =>
    new WriteQueue(new ManualClock(), silentObserver.tier, () => (world.isUp ? connection : undefined))
  return { sent, world, connection, queue }
}

test('what is deleted while the store is away is deleted before it is used again', async () => {
  const { sent, connection, queue } = start()
  const writes = queue()
  writes.store('a', Buffer.from('1'), 1000)
  writes.delete('b')
  writes.delete('c')
  expect(await writes.catchUp(connection)).toBe(true)
  expect(sent).toEqual(['DEL b', 'DEL c'])
  expect(await writes.catchUp(connection)).toBe(true)
  expect(sent).toHaveLength(2)
})

test('one that fails is tried again, also when the next try fails', async () => {
  const { sent, world, connection, queue } = start()
  const writes = queue()
  world.isUp = true
  world.isFailing = true
  writes.delete('a')
  await settle()
  await settle()
  await expect(writes.catchUp(connection)).rejects.toThrow('it ends')
  world.isFailing = false
  expect(await writes.catchUp(connection)).toBe(true)
  expect(sent).toEqual(['DEL a'])
})

test.for([
  [10_000, true, 10_000],
  [10_001, false, 0],
] as const)('%i are remembered: %s', async ([count, isAll, deleted]) => {
  const { sent, connection, queue } = start()
  const writes = queue()
  for (let index = 0; index < count; index++) writes.delete(`k${index}`)
  expect(await writes.catchUp(connection)).toBe(isAll)
  expect(sent).toHaveLength(deleted)
  expect(await writes.catchUp(connection)).toBe(true)
})

test('one that comes in the place of another knows whether there was anything to delete', async () => {
  const { connection, queue } = start()
  const [before, well, after] = [queue(), queue(), queue()]
  before.delete('a')
  after.takeOver(before)
  expect(await after.catchUp(connection)).toBe(false)
  const next = queue()
  next.takeOver(well)
  expect(await next.catchUp(connection)).toBe(true)
})
