import { expect, test } from 'vitest'
import { ReplyBatch } from '../../../src/server/reply-batch.ts'

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('replies wait for the end of the turn, and are written in the order of the answers', async () => {
  const late = new ReplyBatch()
  const written: number[] = []
  for (const n of [1, 2, 3]) late.add({ sendReply: () => written.push(n) })
  expect(written).toEqual([])
  await turn()
  expect(written).toEqual([1, 2, 3])
})

test('a reply that becomes ready while others are written is not lost', async () => {
  const late = new ReplyBatch()
  const written: string[] = []
  late.add({
    sendReply: () => {
      written.push('first')
      late.add({ sendReply: () => written.push('second') })
    },
  })
  await turn()
  await turn()
  expect(written).toEqual(['first', 'second'])
})

test('what is sent ahead of the end of the turn is not sent again', async () => {
  const late = new ReplyBatch()
  let written = 0
  late.add({ sendReply: () => written++ })
  late.flush()
  await turn()
  expect(written).toBe(1)
})
