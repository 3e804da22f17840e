import { describe, expect, test } from 'vitest'
import { BlockDecoder } from '../../../../src/protocols/framing/block.ts'
import { chunkings } from '../../../support/wire/chunkings.ts'
import { decodeAll } from '../../../support/wire/decoding.ts'

describe('BlockDecoder', () => {
  const cases: [sentence: string, wire: string, expected: string[], pending: number][] = [
    ['reads blocks one after the other', 'a=1\nb=2\n\nc=3\n\n', ['a=1\nb=2', 'c=3'], 0],
    ['waits for the empty line', 'a=1\n', [], 4],
    ['counts a line that is not complete', 'a=1\nb', [], 5],
    ['takes an empty line alone for an empty block', '\n', [''], 0],
    ['has a carriage return as any byte', 'a\r\n\r\n\n', ['a\r\n\r'], 0],
    ['holds twenty bytes, newlines included', `${'x'.repeat(19)}\n\n`, ['x'.repeat(19)], 0],
    ['skips one more, and goes on behind it', `${'x'.repeat(20)}\n\na\n\n`, ['~', 'a'], 0],
    ['skips a line that is too long to hold', `${'x'.repeat(50)}\ny\n\na\n\n`, ['~', 'a'], 0],
    ['skips lines that are too many', `${'xx\n'.repeat(9)}\na\n\n`, ['~', 'a'], 0],
  ]
  for (const [sentence, wire, expected, pending] of cases) {
    test(sentence, () => {
      for (const chunks of chunkings(Buffer.from(wire))) {
        const decoder = new BlockDecoder(20)
        expect(decodeAll(decoder, chunks)).toEqual(expected)
        expect(decoder.pendingBytes).toBe(pending)
      }
    })
  }
})
