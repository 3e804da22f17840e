import { expect, test } from 'vitest'
import {
  FairShare,
  MAX_REPLY_CHARS_PER_LOOP,
  MAX_REPLY_CHARS_PER_TURN,
  MAX_REQUESTS_PER_LOOP,
  MAX_REQUESTS_PER_TURN,
} from '../../../src/server/fair-share.ts'

/** A share that so many connections wait for. */
function waitedFor(count: number): FairShare {
  const share = new FairShare()
  for (let n = 0; n < count; n++) share.enter()
  return share
}

test('one connection alone gets a whole turn', () => {
  expect(waitedFor(0)).toMatchObject({
    requests: MAX_REQUESTS_PER_TURN,
    replyChars: MAX_REPLY_CHARS_PER_TURN,
  })
})

test('connections that wait divide what is answered in one turn of the event loop', () => {
  const share = waitedFor(99)
  expect(share.requests).toBe(Math.floor(MAX_REQUESTS_PER_LOOP / 100))
  expect(share.replyChars).toBe(Math.floor(MAX_REPLY_CHARS_PER_LOOP / 100))
})

test('every connection gets at least one answer, however many wait', () => {
  expect(waitedFor(1_000_000)).toMatchObject({ requests: 1, replyChars: 1 })
})

test('a client that goes on does not count any more', () => {
  const share = waitedFor(99)
  for (let n = 0; n < 99; n++) share.leave()
  expect(share.requests).toBe(MAX_REQUESTS_PER_TURN)
})
