/**
 * Laws of the codecs over any bytes and any cuts. A longer run: MAPGATE_TEST_SECONDS=600.
 */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { found, type LookupResult, notFound, permanent, temporary } from '../../src/core/result.ts'
import { BlockDecoder } from '../../src/protocols/framing/block.ts'
import type { Decoder } from '../../src/protocols/framing/frame.ts'
import { MAX_REQUEST_BYTES } from '../../src/protocols/framing/frame.ts'
import { LineDecoder } from '../../src/protocols/framing/line.ts'
import { NetstringDecoder } from '../../src/protocols/framing/netstring.ts'
import { percentQuote, percentQuoteBytes, percentUnquote } from '../../src/protocols/framing/percent.ts'
import { memcacheClient } from '../../src/protocols/memcache/client.ts'
import { MemcacheConversation } from '../../src/protocols/memcache/conversation.ts'
import { policyClient } from '../../src/protocols/policy/client.ts'
import { PolicyConversation } from '../../src/protocols/policy/conversation.ts'
import { proxymapClient } from '../../src/protocols/proxymap/client.ts'
import { ProxymapConversation } from '../../src/protocols/proxymap/conversation.ts'
import { MessageDecoder } from '../../src/protocols/proxymap/messages.ts'
import { proxymap } from '../../src/protocols/proxymap/protocol.ts'
import { saslClient } from '../../src/protocols/sasl/client.ts'
import { SaslConversation } from '../../src/protocols/sasl/conversation.ts'
import { sasl } from '../../src/protocols/sasl/protocol.ts'
import { socketmapClient } from '../../src/protocols/socketmap/client.ts'
import { MAX_REPLY_PAYLOAD_BYTES, SocketmapConversation } from '../../src/protocols/socketmap/conversation.ts'
import { tcpTableClient } from '../../src/protocols/tcp-table/client.ts'
import { MAX_REPLY_BYTES, TcpTableConversation } from '../../src/protocols/tcp-table/conversation.ts'
import { cutAt } from '../support/wire/chunkings.ts'
import { decodeAll } from '../support/wire/decoding.ts'
import { lineFrame, netstringFrame } from '../support/wire/transcript.ts'

/** Properties in this file, which share the time of a longer run. */
const PROPERTIES = 17

const seconds = Number(process.env.MAPGATE_TEST_SECONDS ?? 0)
const runs =
  seconds > 0
    ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: (seconds * 1000) / PROPERTIES }
    : { numRuns: 2000 }
vi.setConfig({ testTimeout: 60_000 + seconds * 1000 })

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array))
const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 })
/** Streams that come close to the protocols, so that mutations reach every branch. */
const stream = fc
  .array(
    fc.oneof(
      bytes,
      bytes.map(netstringFrame),
      bytes.map(lineFrame),
      fc
        .constantFrom(
          'request\0lookup\0',
          'table\0mapgate:t\0',
          'flags\x000\0',
          'instance_flags\x000\0',
          'key\0a\0',
          '\0',
          '\0\0',
          'set t/a 0 0 3\r\n',
          'set t/a 0 0 99999999\r\n',
          'get t/a\r\n',
          'delete t/',
          '1:',
          ':',
          ',',
          '\n',
          'get ',
          'put ',
          '%',
          '00',
          '9999999',
          '-',
        )
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts))
const text = fc.string({ unit: 'binary', maxLength: 300 })

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
  const result: fc.Arbitrary<LookupResult> = fc.oneof(
    text.map(found),
    fc.integer({ min: 4000, max: 4200 }).map((length) => found('v'.repeat(length))),
    fc.integer({ min: 49_990, max: 50_010 }).map((length) => found('é'.repeat(length))),
    fc.constant(notFound()),
    text.map((reason) => temporary('connect', reason)),
    text.map((reason) => temporary('timeout', reason)),
    text.map((reason) => permanent('refused', reason)),
  )

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

  test('a policy reply is one action, never empty and never a number, whatever was found', () => {
    const answer = fc.oneof(
      result,
      fc.constantFrom('OK', '550', '', 'OK: x', 'permit, reject', 'dunno', 'REJECT a\nb', '1').map(found),
    )
    fc.assert(
      fc.property(answer, (result) => {
        const reply = policy().reply(result)
        expect(reply).toMatch(/^action=(?!\d*\n)[\x21-\x7e][\x20-\x7e]{0,399}\n\n$/)
        const read = policyClient.parseReply(Buffer.from(reply.slice(0, -2)))
        if (result.kind !== 'found')
          expect(read.kind).toBe(result.kind === 'notfound' ? 'notfound' : 'temporary')
      }),
      runs,
    )
  })

  test('a sasl reply is one line, OK has one name, and only "not found" refuses', () => {
    fc.assert(
      fc.property(fc.oneof(result, text.map(found)), (result) => {
        const conversation = saslLogin()
        const reply = conversation.reply(result)
        const line = typeof reply === 'string' ? reply : reply.text
        if (line === '') {
          expect(reply).toEqual({ text: '', close: true })
          return
        }
        expect(line).toMatch(/^(?:OK\t7\tuser=[^\x00-\x1f\x7f]+|FAIL\t7\treason=[ -~]+)\n$/)
        const read = saslClient.parseReply(Buffer.from(line.slice(0, -1)))
        expect(read.kind).toBe(result.kind)
        if (result.kind === 'found') expect(read).toEqual(found(Buffer.from(result.value).toString()))
      }),
      runs,
    )
  })

  function saslLogin(): SaslConversation {
    const conversation = new SaslConversation({ settings: sasl.example, random: () => 0 })
    conversation.push(Buffer.from(`AUTH\t7\tPLAIN\tresp=${Buffer.from('\0a\0b').toString('base64')}\n`))
    expect(conversation.next().kind).toBe('ask')
    return conversation
  }

  function readSocketmapReply(result: LookupResult): LookupResult {
    const decoder = new NetstringDecoder(MAX_REPLY_PAYLOAD_BYTES)
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
    expect(reply.length).toBeLessThanOrEqual(Math.min(MAX_REPLY_BYTES, MAX_REQUEST_BYTES))
    expect(reply).toMatch(/^\d{3} [\x21-\x7e]*\n$/)
    return tcpTableClient.parseReply(Buffer.from(reply.slice(0, -1)))
  }
})

test('any block at all is a policy request or is answered', () => {
  const line = fc.oneof(
    bytes,
    fc
      .constantFrom('request=smtpd_access_policy', 'sender=a@b', '=', 'a', 'recipient=')
      .map((one) => Buffer.from(one)),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), cuts, (lines, sizes) => {
      const conversation = policy()
      const wire = Buffer.concat([...lines.map(lineFrame), Buffer.from('\n')])
      const steps: string[] = []
      for (const chunk of cutAt(wire, sizes)) {
        conversation.push(chunk)
        for (let step = conversation.next(); step.kind !== 'more'; step = conversation.next()) {
          if (step.kind === 'reply') expect(step.text).toMatch(/^action=DEFER_IF_PERMIT /)
          steps.push(step.kind)
        }
      }
      expect(steps.length).toBeGreaterThan(0)
      for (const kind of steps) expect(['ask', 'reply']).toContain(kind)
      expect(conversation.hasBegun).toBe(false)
    }),
    runs,
  )
})

test('whatever is sent to a sasl listener, only a whole message of a mechanism is asked, and never with an empty secret', () => {
  const message = fc.oneof(
    bytes,
    fc
      .tuple(fc.constantFrom('', 'bob'), fc.constantFrom('bob', ''), fc.constantFrom('', 'pw'))
      .map((parts) => Buffer.from(parts.join('\0'))),
    fc
      .constantFrom('user=b\x01auth=Bearer t\x01\x01', 'n,a=b,\x01auth=Bearer t\x01\x01')
      .map((t) => Buffer.from(t)),
  )
  const request = fc
    .tuple(
      fc.constantFrom('AUTH\t1\t', 'AUTH\t2\t', 'CONT\t1\t', 'CONT\t2\t', 'VERSION\t1\t', 'CPID\t'),
      fc.constantFrom('PLAIN\tresp=', 'login', 'LOGIN\tresp=', 'XOAUTH2\tresp=', 'OAUTHBEARER\tresp=', ''),
      message,
    )
    .map(([command, mechanism, sent]) =>
      lineFrame(Buffer.from(command + mechanism + sent.toString('base64'))),
    )
  fc.assert(
    fc.property(fc.array(fc.oneof(request, bytes.map(lineFrame)), { maxLength: 8 }), cuts, (lines, sizes) => {
      const conversation = new SaslConversation({ settings: sasl.example, random: () => 0 })
      for (const chunk of cutAt(Buffer.concat(lines), sizes)) {
        conversation.push(chunk)
        for (let step = conversation.next(); step.kind !== 'more'; step = conversation.next()) {
          if (step.kind === 'violation' || (step.kind === 'reply' && step.close === true)) return
          if (step.kind === 'reply')
            expect(step.text).toMatch(/^(?:(?:CONT\t\d+\t[A-Za-z0-9+/=]*|FAIL\t\d+\treason=[ -~]+)\n)?$/)
          if (step.kind !== 'ask') continue
          const [password = '', token = ''] = ['password', 'token'].map((name) => step.attributes?.get(name))
          expect(password === '').toBe(token !== '')
          conversation.reply(notFound())
        }
      }
      expect(conversation.hasBegun).toBe(false)
    }),
    runs,
  )
})

function policy(): PolicyConversation {
  return new PolicyConversation({ settings: { table: 't' }, random: () => 0 })
}

function tcpTable(table: string): TcpTableConversation {
  return new TcpTableConversation({ settings: { table }, random: () => 0 })
}
