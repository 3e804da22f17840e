/**
 * Laws of the codecs over any bytes and any cuts. A longer run: MAPGATE_TEST_SECONDS=600.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { found, type LookupResult, notFound, permanent, temporary } from '../../src/core/result.ts'
import { BlockDecoder } from '../../src/protocols/framing/block.ts'
import type { Decoder } from '../../src/protocols/framing/frame.ts'
import { LineDecoder } from '../../src/protocols/framing/line.ts'
import { NetstringDecoder } from '../../src/protocols/framing/netstring.ts'
import { percentQuote, percentQuoteBytes, percentUnquote } from '../../src/protocols/framing/percent.ts'
import { memcacheClient } from '../../src/protocols/memcache/client.ts'
import { MemcacheConversation } from '../../src/protocols/memcache/conversation.ts'
import { proxymapClient, ReplyMessages } from '../../src/protocols/proxymap/client.ts'
import { ProxymapConversation } from '../../src/protocols/proxymap/conversation.ts'
import { MessageDecoder } from '../../src/protocols/proxymap/messages.ts'
import { proxymap } from '../../src/protocols/proxymap/protocol.ts'
import { socketmapClient } from '../../src/protocols/socketmap/client.ts'
import { SocketmapConversation } from '../../src/protocols/socketmap/conversation.ts'
import { tcpTableClient } from '../../src/protocols/tcp-table/client.ts'
import { TcpTableConversation } from '../../src/protocols/tcp-table/conversation.ts'
import { cutAt } from '../support/wire/chunkings.ts'
import { decodeAll } from '../support/wire/decoding.ts'
import { lineFrame, netstringFrame } from '../support/wire/transcript.ts'
import { bytes, cuts, result, runsOf, stream, text } from './arbitraries.ts'

const runs = runsOf(14)

const DONE = { kind: 'done' } as const
const ENTRY = { kind: 'entry', key: 'k', value: 'v' } as const

/** What Postfix takes for a reply: these attributes, in this order, and no status that ends a daemon. Source: Postfix `src/global/dict_proxy.c` */
const REPLY_FORMS = {
  old: {
    open: /^status\x000\0flags\0\d+\0\0$/,
    lookup: /^status\0[0125]\0value\0[^\0]*\0\0$/,
    update: /^status\0[0125]\0\0$/,
    delete: /^status\0[0125]\0\0$/,
    sequence: /^status\0[0125]\0key\0[^\0]*\0value\0[^\0]*\0\0$/,
  },
  new: {
    open: /^status\x000\0flags\0\d+\0\0$/,
    lookup: /^status\0[0125]\0flags\0\d+\0value\0[^\0]*\0\0$/,
    update: /^status\0[0125]\0flags\0\d+\0\0$/,
    delete: /^status\0[0125]\0flags\0\d+\0\0$/,
    sequence: /^status\0[0125]\0flags\0\d+\0key\0[^\0]*\0value\0[^\0]*\0\0$/,
  },
} as const

describe('framing', () => {
  test('netstrings come out as they went in, for any payloads and any cuts', () => {
    fc.assert(
      fc.property(fc.array(bytes), cuts, (payloads, sizes) => {
        const wire = Buffer.concat(payloads.map(netstringFrame))
        const expected = payloads.map((payload) => payload.toString('latin1'))
        expect(decodeAll(new NetstringDecoder(60), cutAt(wire, sizes))).toStrictEqual(expected)
      }),
      runs,
    )
  })

  test('lines come out as they went in, for any bytes but the newline and any cuts', () => {
    const line = bytes
      .map((buffer) => buffer.map((byte) => (byte === 0x0a ? 0x0d : byte)))
      .map((b) => Buffer.from(b))
    fc.assert(
      fc.property(fc.array(line), cuts, (lines, sizes) => {
        const wire = Buffer.concat(lines.map(lineFrame))
        const expected = lines.map((line) => (line.length > 50 ? '~' : line.toString('latin1')))
        expect(decodeAll(new LineDecoder(50), cutAt(wire, sizes))).toStrictEqual(expected)
      }),
      runs,
    )
  })

  const decoders: [name: string, create: () => Decoder][] = [
    ['netstrings', () => new NetstringDecoder(40)],
    ['lines', () => new LineDecoder(40)],
    ['attribute lists', () => new MessageDecoder(40)],
    ['blocks', () => new BlockDecoder(40)],
  ]
  for (const [name, create] of decoders) {
    test(`${name}: where a stream is cut changes nothing, whatever it is`, () => {
      fc.assert(
        fc.property(stream, cuts, (wire, sizes) => {
          const whole = create()
          const cut = create()
          expect(decodeAll(cut, cutAt(wire, sizes))).toStrictEqual(decodeAll(whole, [wire]))
          expect(cut.pendingBytes).toBe(whole.pendingBytes)
        }),
        runs,
      )
    })
  }
})

describe('percent quoting', () => {
  test('any text and any bytes come back', () => {
    fc.assert(
      fc.property(text, bytes, (text, bytes) => {
        expect(percentUnquote(Buffer.from(percentQuote(text)))?.toString()).toBe(Buffer.from(text).toString())
        expect(percentUnquote(Buffer.from(percentQuoteBytes(bytes)))).toStrictEqual(bytes)
      }),
      runs,
    )
  })

  test('quoted text has no byte that a line could not hold', () => {
    fc.assert(
      fc.property(text, (text) => {
        expect(percentQuote(text)).toMatch(/^[\x21-\x7e]*$/)
      }),
      runs,
    )
  })
})

describe('requests', () => {
  test('the server reads the table and the key that the client sent', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/), bytes, (table, key) => {
        for (const [conversation, client] of [
          [new SocketmapConversation(), socketmapClient],
          [tcpTable(table), tcpTableClient],
        ] as const) {
          conversation.push(client.encodeRequest(table, key))
          const step = conversation.next()
          expect(step).toMatchObject({ kind: 'ask', table, key })
        }
      }),
      runs,
    )
  })

  test('the memcache server reads what the client sends, and the client sends no key with white space', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/), bytes, (table, key) => {
        const request = memcacheClient.encodeRequest(table, key)
        if (!Buffer.isBuffer(request)) {
          expect(request).toMatchObject({ kind: 'permanent', cause: 'bad-request' })
          return
        }
        const conversation = new MemcacheConversation()
        conversation.push(request)
        expect(conversation.next()).toMatchObject({ kind: 'ask', table, key, exact: true })
      }),
      runs,
    )
  })

  test('the proxymap server reads what the client sends, in both dialects', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/), bytes, (table, key) => {
        const requests = [
          proxymapClient.encodeRequest(table, key),
          proxymapClient.encodeAgain(Buffer.from('status\x003\0value\0\0\0'), table, key),
        ]
        for (const request of requests) {
          const conversation = new ProxymapConversation({ settings: proxymap.example, random: () => 0 })
          if (key.includes(0)) expect(request).toMatchObject({ kind: 'permanent' })
          else {
            conversation.push(request as Buffer)
            expect(conversation.next()).toMatchObject({ kind: 'ask', table, key, exact: true })
          }
        }
      }),
      runs,
    )
  })

  test('whatever a client sends, no status is one that ends a daemon', () => {
    fc.assert(
      fc.property(stream, (wire) => {
        const conversation = new ProxymapConversation({ settings: proxymap.example, random: () => 0 })
        conversation.push(wire)
        for (let step = conversation.next(); step.kind !== 'more'; step = conversation.next()) {
          const replies =
            step.kind === 'reply'
              ? [step.text]
              : [notFound(), found('v'), temporary('connect', 'x'), permanent('refused', 'x')].map((result) =>
                  String(conversation.reply(result)),
                )
          for (const reply of replies) expect(reply).toMatch(/^status\0[0125]\0/)
        }
      }),
      runs,
    )
  })

  test('whatever Postfix asks, of a table that it may write or not, the reply has the form of its request', () => {
    const word = fc.constantFrom('', 'a', 'A@B', 'mapgate:verify', 'mapgate:nosuch', 'btree:/x', 'é\n|')
    const number = fc.constantFrom('0', '64', '16384', '4294967295')
    const request = fc.constantFrom('open', 'lookup', 'update', 'delete', 'sequence')
    fc.assert(
      fc.property(
        request,
        word,
        number,
        fc.option(number),
        word,
        word,
        fc.constantFrom('0', '1'),
        (...drawn) => {
          const [name, table, flags, instanceFlags, key, value, order] = drawn
          const isNew = instanceFlags !== null
          const attributes = [
            ...[
              'request',
              name,
              'table',
              table,
              ...(isNew ? ['instance_flags', instanceFlags] : []),
              'flags',
              flags,
            ],
            ...['key', key, 'value', value, 'function', order],
          ]
          const pass = {
            address: { kind: 'unix', path: '/p' },
            createDecoder: () => new ReplyMessages(),
          } as const
          const isOurs = !table.includes(':') || table.toLowerCase().startsWith('mapgate:')
          const settings = { ...proxymap.example, write: ['verify'], pass: isOurs ? pass : undefined }
          const conversation = new ProxymapConversation({ settings, random: () => 0 })
          conversation.push(Buffer.from(`${attributes.join('\0')}\0\0`))
          const step = conversation.next()
          expect(step.kind).not.toBe('pass')
          const results = [
            notFound(),
            found('v'),
            temporary('connect', 'x'),
            permanent('refused', 'x'),
            DONE,
            ENTRY,
          ]
          const replies =
            step.kind === 'reply' ? [step.text] : results.map((result) => String(conversation.reply(result)))
          for (const reply of replies) expect(reply).toMatch(REPLY_FORMS[isNew ? 'new' : 'old'][name])
          expect(conversation.hasBegun).toBe(false)
        },
      ),
      runs,
    )
  })

  test('any frame at all is a query or is answered', () => {
    fc.assert(
      fc.property(stream, (payload) => {
        for (const [conversation, frame] of [
          [new SocketmapConversation(), netstringFrame],
          [tcpTable('t'), lineFrame],
        ] as const) {
          conversation.push(frame(payload))
          const step = conversation.next()
          expect(step.kind === 'ask' || (step.kind === 'reply' && step.text.length > 0)).toBe(true)
        }
      }),
      runs,
    )
  })
})

describe('replies', () => {
  test('the client reads the same kind, and the same value, or a retry for one that does not fit', () => {
    fc.assert(
      fc.property(result, (result) => {
        const replies = [
          readSocketmapReply(result),
          readTcpTableReply(result),
          readMemcacheReply(result),
          readProxymapReply(result),
        ]
        for (const read of replies) {
          if (result.kind === 'found' && read.kind === 'found') {
            expect(read.value).toBe(Buffer.from(result.value).toString())
          } else if (read.kind !== result.kind) {
            expect(read.kind).toBe('temporary')
          }
          if (result.kind !== 'notfound') expect(read.kind).not.toBe('notfound')
        }
      }),
      runs,
    )
  })

  function readSocketmapReply(result: LookupResult): LookupResult {
    const decoder = new NetstringDecoder(100_000)
    decoder.push(Buffer.from(new SocketmapConversation().reply(result)))
    const step = decoder.read()
    if (step.kind !== 'frame') return expect.unreachable(step.kind)
    expect(decoder.read().kind).toBe('more')
    return socketmapClient.parseReply(step.payload)
  }

  function readMemcacheReply(result: LookupResult): LookupResult {
    const decoder = memcacheClient.createDecoder()
    decoder.push(Buffer.from(new MemcacheConversation().reply(result)))
    const step = decoder.read()
    if (step.kind !== 'frame') return expect.unreachable(step.kind)
    expect(decoder.read().kind).toBe('more')
    return memcacheClient.parseReply(step.payload)
  }

  function readProxymapReply(result: LookupResult): LookupResult {
    const conversation = new ProxymapConversation({ settings: proxymap.example, random: () => 0 })
    const decoder = proxymapClient.createDecoder()
    decoder.push(Buffer.from(String(conversation.reply(result))))
    const step = decoder.read()
    if (step.kind !== 'frame') return expect.unreachable(step.kind)
    expect(decoder.read().kind).toBe('more')
    return proxymapClient.parseReply(step.payload)
  }

  function readTcpTableReply(result: LookupResult): LookupResult {
    const reply = tcpTable('t').reply(result)
    expect(reply.length).toBeLessThanOrEqual(4096)
    expect(reply).toMatch(/^\d{3} [\x21-\x7e]*\n$/)
    return tcpTableClient.parseReply(Buffer.from(reply.slice(0, -1)))
  }
})

function tcpTable(table: string): TcpTableConversation {
  return new TcpTableConversation({ settings: { table }, random: () => 0 })
}
