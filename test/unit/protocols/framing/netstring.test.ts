import { describe, expect, test } from 'vitest'
import { NetstringDecoder, netstring } from '../../../../src/protocols/framing/netstring.ts'
import { chunkings } from '../../../support/wire/chunkings.ts'
import { decodeAll } from '../../../support/wire/decoding.ts'

describe('NetstringDecoder', () => {
  const cases: [name: string, wire: string, expected: string[]][] = [
    ['reads pipelined frames', '1:a,1:b,', ['a', 'b']],
    ['reads an empty payload', '0:,1:a,', ['', 'a']],
    ['counts bytes, not characters', '2:\xc3\xa9,', ['\xc3\xa9']],
    ['takes a comma in the payload for payload', '3:a,b,', ['a,b']],
    ['reads a payload of exactly the limit', '20:aaaaaaaaaabbbbbbbbbb,', ['aaaaaaaaaabbbbbbbbbb']],
    ['waits for the length', '1', []],
    ['waits for the payload', '2:a', []],
    ['waits for the comma', '1:a', []],
    ['rejects a leading zero', '01:a,', ['!length-syntax@1']],
    ['rejects many zeros', '000:,', ['!length-syntax@1']],
    ['rejects a minus sign', '-1:a,', ['!length-syntax@0']],
    ['rejects a plus sign', '+1:a,', ['!length-syntax@0']],
    ['rejects a space before the length', ' 1:a,', ['!length-syntax@0']],
    ['rejects a space behind the length', '1 :a,', ['!length-syntax@1']],
    ['rejects a missing length', ':a,', ['!length-syntax@0']],
    ['rejects a newline between frames, and says where', '1:a,\n1:b,', ['a', '!length-syntax@4']],
    ['rejects a length over the limit before the payload arrives', '21:', ['!length-limit@1']],
    ['rejects a huge length while it is read', '99999999999999999999:', ['!length-limit@1']],
    ['rejects a payload that is longer than said', '1:ab,', ['!missing-comma@3']],
    ['keeps the frames before a violation', '1:a,2:bc,x', ['a', 'bc', '!length-syntax@9']],
  ]

  for (const [name, wire, expected] of cases) {
    test(name, () => {
      for (const chunks of chunkings(Buffer.from(wire, 'latin1'))) {
        expect(decodeAll(new NetstringDecoder(20), chunks)).toStrictEqual(expected)
      }
    })
  }

  test('a violation is final', () => {
    for (const wire of ['x', '01:', '21:', '1:ab']) {
      const decoder = new NetstringDecoder(20)
      decoder.push(Buffer.from(wire))
      const first = decoder.read()
      expect(first.kind).toBe('violation')
      for (let more = 0; more < 3; more++) {
        decoder.push(Buffer.from('1:a,'))
        expect(decoder.read()).toBe(first)
      }
    }
  })

  test('frames may be pushed before earlier ones are read', () => {
    const decoder = new NetstringDecoder(20)
    for (const chunk of ['1:a,2:', 'bc', ',1:d,x']) decoder.push(Buffer.from(chunk))
    expect(decodeAll(decoder, [Buffer.alloc(0)])).toStrictEqual(['a', 'bc', 'd', '!length-syntax@13'])
  })

  const pending: [wire: string, bytes: number][] = [
    ['', 0],
    ['1', 1],
    ['1:', 2],
    ['2:a', 3],
    ['2:ab', 4],
    ['2:ab,', 0],
    ['2:ab,1', 1],
  ]
  for (const [wire, bytes] of pending) {
    test(`"${wire}" leaves ${bytes} bytes of a request that is not complete`, () => {
      for (const chunks of chunkings(Buffer.from(wire))) {
        const decoder = new NetstringDecoder(20)
        decodeAll(decoder, chunks)
        expect(decoder.pendingBytes).toBe(bytes)
      }
    })
  }

  test('a request of the longest size, byte by byte, takes linear time', () => {
    const wire = Buffer.from(netstring('x'.repeat(131_072)))
    const started = process.cpuUsage()
    const chunks = Array.from(wire, (byte) => Buffer.from([byte]))
    const decoded = decodeAll(new NetstringDecoder(131_072), chunks)
    expect(decoded[0]?.length).toBe(131_072)
    // Copying the whole for each byte would move 8 GiB and take seconds.
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(1500)
  })

  test('a long request that is announced and not sent holds nothing', () => {
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 1000 }, () => new NetstringDecoder(131_072))
    for (const decoder of decoders) decodeAll(decoder, [Buffer.from('131072:a')])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1000 * 1024)
    expect(decoders[0]?.pendingBytes).toBe(8)
  })
})

describe('netstring', () => {
  test('counts UTF-8 bytes', () => expect(netstring('é')).toBe('2:é,'))
  test('counts a lone surrogate as the three bytes it is sent as', () => {
    const wire = Buffer.from(netstring('\ud800'))
    expect(wire.toString('latin1')).toBe('3:\xef\xbf\xbd,')
  })
})
