import { describe, expect, test } from 'vitest'
import { LineDecoder } from '../../../../src/protocols/framing/line.ts'
import { TcpTableConversation } from '../../../../src/protocols/tcp-table/conversation.ts'
import { chunkings, cutAt } from '../../../support/wire/chunkings.ts'
import { decodeAll } from '../../../support/wire/decoding.ts'

describe('LineDecoder', () => {
  const cases: [name: string, wire: string, expected: string[]][] = [
    ['reads pipelined lines', 'a\nbc\n', ['a', 'bc']],
    ['reads an empty line', '\na\n', ['', 'a']],
    ['keeps a carriage return', 'a\r\n', ['a\r']],
    ['keeps bytes that are no text', '\x00\xff\n', ['\x00\xff']],
    ['waits for the newline', 'a', []],
    ['reads a line of exactly the limit', '12345678\na\n', ['12345678', 'a']],
    ['skips a line of one byte more, and reads on', '123456789\na\n', ['~', 'a']],
    ['skips a much longer line', '1234567890123456789012345\na\n', ['~', 'a']],
    ['skips two long lines one after the other', '123456789\n123456789\n\n', ['~', '~', '']],
    ['says nothing of a long line before it ends', '123456789', []],
  ]

  for (const [name, wire, expected] of cases) {
    test(name, () => {
      for (const chunks of chunkings(Buffer.from(wire, 'latin1'))) {
        expect(decodeAll(new LineDecoder(8), chunks)).toStrictEqual(expected)
      }
    })
  }

  test('lines may be pushed before earlier ones are read', () => {
    const decoder = new LineDecoder(8)
    for (const chunk of ['a\nb', 'c\n', 'd']) decoder.push(Buffer.from(chunk))
    expect(decodeAll(decoder, [Buffer.from('\n')])).toStrictEqual(['a', 'bc', 'd'])
  })

  const pending: [wire: string, bytes: number][] = [
    ['', 0],
    ['abc', 3],
    ['abc\n', 0],
    ['abc\nd', 1],
    ['123456789', 9],
    ['123456789\n', 0],
  ]
  for (const [wire, bytes] of pending) {
    test(`${JSON.stringify(wire)} leaves ${bytes} bytes of a request that is not complete`, () => {
      for (const chunks of chunkings(Buffer.from(wire))) {
        const decoder = new LineDecoder(8)
        decodeAll(decoder, chunks)
        expect(decoder.pendingBytes).toBe(bytes)
      }
    })
  }

  test('a line without end is dropped as it comes', () => {
    const before = process.memoryUsage().arrayBuffers
    const decoder = new LineDecoder(131_072)
    const chunk = Buffer.alloc(65_536, 'x')
    for (let megabyte = 0; megabyte < 64; megabyte++) decodeAll(decoder, Array(16).fill(chunk))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024)
    expect(decoder.pendingBytes).toBe(64 * 1024 * 1024)
  })
})

describe('a tcp_table request line', () => {
  const TOO_LONG = '400 bad%20request:%20the%20line%20is%20too%20long\n'
  const sizes: [bytes: number, outcome: string][] = [
    [131_072, 'frame'],
    [131_073, TOO_LONG],
  ]
  for (const [bytes, outcome] of sizes) {
    test(`of ${bytes} bytes is ${outcome === 'frame' ? 'read' : 'skipped and answered'}`, () => {
      for (const size of [1, 1000, 65_536, 1_000_000]) {
        const conversation = new TcpTableConversation({ settings: { table: 't' }, random: () => 0 })
        let told = ''
        for (const chunk of cutAt(Buffer.from(`get ${'k'.repeat(bytes - 4)}\n`), [size])) {
          conversation.push(chunk)
          const step = conversation.next()
          if (step.kind === 'ask') told += step.key.length === bytes - 4 ? 'frame' : 'a cut frame'
          if (step.kind === 'reply') told += step.text
        }
        expect(told).toBe(outcome)
      }
    })
  }
})

describe('a block between lines', () => {
  /** Reads a line, a block of this length, and a line, from pieces. */
  function read(pieces: readonly Buffer[], length: number): string[] {
    const decoder = new LineDecoder(8)
    const read: string[] = []
    for (const piece of pieces) {
      decoder.push(piece)
      for (;;) {
        const step = read.length === 1 ? decoder.readBlock(length) : decoder.read()
        if (step.kind === 'more') break
        read.push(step.kind === 'frame' ? step.payload.toString() : step.kind)
      }
    }
    return [...read, String(decoder.pendingBytes)]
  }

  const cases: [sentence: string, wire: string, length: number, expected: string[]][] = [
    ['holds newlines', 'a\nb\nc\nd\n', 3, ['a', 'b\nc', '', 'd', '0']],
    ['may be empty', 'a\nb\n', 0, ['a', '', 'b', '0']],
    ['may be as long as a line', 'a\n12345678b\n', 8, ['a', '12345678', 'b', '0']],
    ['is skipped when it is longer', 'a\n123456789b\n', 9, ['a', 'skipped', 'b', '0']],
    ['counts as pending while it is incomplete', 'a\n12', 3, ['a', '2']],
    ['counts as pending while it is skipped', 'a\n12', 9, ['a', '2']],
  ]
  for (const [sentence, wire, length, expected] of cases) {
    test(sentence, () => {
      for (const chunks of chunkings(Buffer.from(wire))) expect(read(chunks, length)).toEqual(expected)
    })
  }
})
