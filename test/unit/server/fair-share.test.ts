import { expect, test } from 'vitest'
import { FairShare } from '../../../src/server/fair-share.ts'

/** A share that so many connections wait for. */
function waitedFor(count: number): FairShare {
  const share = new FairShare()
  for (let n = 0; n < count; n++) share.enter()
  return share
}

test('one connection alone gets a whole turn', () => {
  expect(waitedFor(0)).toMatchObject({ requests: 64, replyChars: 65_536 })
})

test('connections that wait divide what is answered in one turn of the event loop', () => {
  // 512 requests and 262,144 characters among a hundred.
  expect(waitedFor(99)).toMatchObject({ requests: 5, replyChars: 2621 })
})

test('every connection gets at least one answer, however many wait', () => {
  expect(waitedFor(1_000_000)).toMatchObject({ requests: 1, replyChars: 1 })
})

test('a client that goes on does not count any more', () => {
  const share = waitedFor(99)
  for (let n = 0; n < 99; n++) share.leave()
  expect(share.requests).toBe(64)
})
