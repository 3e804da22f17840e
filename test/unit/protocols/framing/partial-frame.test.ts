import { expect, test } from 'vitest'
import { PartialFrame } from '../../../../src/protocols/framing/partial-frame.ts'

test.each([
  [[1], 256],
  [[256], 256],
  [[256, 1], 512],
  [[600, 300], 1000],
  [[1000], 1000],
])('pieces of %j bytes take %i bytes of memory, and never more than the longest frame', (pieces, bytes) => {
  const frame = new PartialFrame(1000)
  for (const length of pieces) frame.append(Buffer.alloc(length, 'x'), 0, length)
  expect(frame.take().buffer.byteLength).toBe(bytes)
  expect(frame.length).toBe(0)
})
