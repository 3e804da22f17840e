import { describe, expect, test } from 'vitest'
import { BodyBuffer } from '../../../../../src/upstreams/http-client/connection/body-buffer.ts'
import { chunkings } from '../../../../support/wire/chunkings.ts'

describe('BodyBuffer', () => {
  test('gives back what was appended, however it was cut', () => {
    const bytes = Buffer.from('{"goto":["ä@b.example"]}')
    for (const chunks of chunkings(bytes)) {
      const body = new BodyBuffer()
      for (const chunk of chunks) body.append(chunk)
      expect([body.length, body.content().toString()]).toEqual([25, '{"goto":["ä@b.example"]}'])
    }
  })

  test('does not write into a chunk that it was given', () => {
    const socket = Buffer.from('ab')
    const body = new BodyBuffer()
    body.append(socket.subarray(0, 1))
    body.append(Buffer.from('x'))
    expect([body.content().toString(), socket.toString()]).toEqual(['ax', 'ab'])
  })

  test('holds a body of one-byte chunks in about twice its bytes', () => {
    const body = new BodyBuffer()
    const before = process.memoryUsage()
    for (let byte = 0; byte < 1_048_576; byte++) body.append(Buffer.from([byte & 0x7f]))
    const after = process.memoryUsage()
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 1_048_576)
    expect([body.length, body.content()[1_048_575]]).toEqual([1_048_576, 0x7f])
  })
})
