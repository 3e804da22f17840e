import { errors } from 'undici'
import { describe, expect, test } from 'vitest'
import { ReplyHeads } from '../../../../../src/upstreams/http-client/connection/reply-head.ts'
import { chunkings } from '../../../../support/wire/chunkings.ts'

const FINAL = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

const CODES: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_OVERFLOW: 'too large',
  UND_ERR_SOCKET: 'closed',
}

/** What undici reads of these bytes, at every cut; the error that ends the connection as its code. */
function read(bytes: string): string {
  const seen = new Set<string>()
  for (const chunks of chunkings(Buffer.from(bytes, 'latin1'))) {
    const heads = new ReplyHeads()
    heads.expect()
    let text = ''
    for (const chunk of chunks) {
      const taken = heads.take(chunk)
      if (taken instanceof Error) {
        text = CODES[Reflect.get(taken, 'code') ?? ''] ?? 'no HTTP'
        break
      }
      text += taken.toString('latin1')
    }
    seen.add(text)
  }
  return [...seen].join(' or ')
}

describe('ReplyHeads', () => {
  const cases: [sentence: string, bytes: string, expected: string][] = [
    ['passes a reply on', FINAL, FINAL],
    ['passes on a reply without a reason', 'HTTP/1.1 204\r\n\r\n', 'HTTP/1.1 204\r\n\r\n'],
    ['takes out 100 Continue', `HTTP/1.1 100 Continue\r\n\r\n${FINAL}`, FINAL],
    ['takes out a 100 without a reason', `HTTP/1.1 100\r\n\r\n${FINAL}`, FINAL],
    [
      'takes out several, with fields',
      `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 X\r\n\r\n${FINAL}`,
      FINAL,
    ],
    ['takes out what ends its lines with LF', `HTTP/1.1 100 Continue\n\n${FINAL}`, FINAL],
    ['passes over empty lines before a reply', `\r\n\r\n${FINAL}`, FINAL],
    ['passes on what is no HTTP', 'HELO\r\n', 'HELO\r\n'],
    ['passes on a TLS alert', '\x15\x03\x01\x00\x02\x02\x46', '\x15\x03\x01\x00\x02\x02\x46'],
    ['refuses 101', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\nabc', 'closed'],
    ['refuses 101 without fields', 'HTTP/1.1 101\r\n\r\n', 'no HTTP'],
    [
      'reads 256 fields',
      `HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(256)}\r\n`,
      `HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(256)}\r\n`,
    ],
    ['refuses 257 fields', `HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(257)}\r\n`, 'too large'],
  ]
  for (const [sentence, bytes, expected] of cases) {
    test(sentence, () => expect(read(bytes)).toBe(expected))
  }

  test.each([
    [16_384, false],
    [16_385, true],
  ])('a head of %d bytes is too large: %s', (bytes, isTooLarge) => {
    const heads = new ReplyHeads()
    heads.expect()
    const head = `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(bytes - 24)}\r\n\r\n`
    expect(head.length).toBe(bytes)
    expect(heads.take(Buffer.from(head)) instanceof Error).toBe(isTooLarge)
  })

  test('a head without an end is not kept beyond its limit', () => {
    const heads = new ReplyHeads()
    heads.expect()
    expect(heads.take(Buffer.from('HTTP/1.1 200 OK\r\nx: '))).toHaveLength(0)
    expect(heads.take(Buffer.alloc(16_384, 'y'))).toBeInstanceOf(errors.HeadersOverflowError)
  })

  test('a body is not looked at', () => {
    const heads = new ReplyHeads()
    heads.expect()
    heads.take(Buffer.from(FINAL))
    expect(heads.take(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'))).toHaveLength(25)
  })
})
