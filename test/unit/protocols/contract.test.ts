/**
 * What every protocol holds, those of the product and a toy that uses all of the port.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { found, type LookupResult, notFound, permanent, temporary } from '../../../src/core/result.ts'
import type { Conversation, Protocol, Step } from '../../../src/protocols/protocol.ts'
import { PROTOCOLS, protocolsByName } from '../../../src/protocols/registry.ts'
import { toy } from '../../support/toy/protocol.ts'
import { chunkings, cutAt } from '../../support/wire/chunkings.ts'
import { sampleValue } from '../../support/wire/sample-values.ts'
import { tinyLookup } from '../../support/wire/tiny-lookup.ts'

const KEYS = ['a', 'absent', 'down', 'long:99', 'long:200000', 'empty', 'refused']

function accept(protocol: Protocol): Conversation {
  return protocol.accept({ settings: protocol.example, random: () => 0.5 })
}

/** The request for a key; fails for one that the client does not send. */
function requestOf(protocol: Protocol, key: string | Uint8Array): Buffer {
  const request = protocol.client?.encodeRequest('aliases', Buffer.from(key))
  if (!Buffer.isBuffer(request)) throw new Error(`${protocol.name} does not send this key`)
  return request
}

function isSent({ client }: Protocol, key: Uint8Array): boolean {
  return Buffer.isBuffer(client?.encodeRequest('aliases', Buffer.from(key)))
}

function textOf(conversation: Conversation, step: Step): string {
  if (step.kind === 'more' || step.kind === 'store' || step.kind === 'pass') return ''
  if (step.kind === 'violation') return `${step.text ?? ''}!${step.error}`
  const reply = step.kind === 'ask' ? conversation.reply(tinyLookup.lookup(step) as LookupResult) : step
  return typeof reply === 'string' ? reply : `${reply.text}${reply.close === true ? '!' : ''}`
}

/** Everything that a server says to these bytes, and whether a request has begun behind them. */
function said(protocol: Protocol, chunks: readonly Buffer[]) {
  const conversation = accept(protocol)
  const texts: string[] = []
  const errors: string[] = []
  for (const chunk of chunks) {
    conversation.push(chunk)
    for (let step = conversation.next(); step.kind !== 'more'; step = conversation.next()) {
      texts.push(textOf(conversation, step))
      if ((step.kind === 'reply' || step.kind === 'violation') && step.error !== undefined)
        errors.push(step.error)
      if (step.kind === 'violation' || (step.kind === 'reply' && step.close === true))
        return { texts, errors, hasBegun: false }
    }
  }
  return { texts, errors, hasBegun: conversation.hasBegun }
}

const stream = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '9:virtual a,',
          '1:',
          ',',
          '\n',
          '\r\n',
          'get a\n',
          'put ',
          '%',
          'key=a\n\n',
          'get \0',
          'set a/b 0 0 1\r\n',
          'get t/k\r\n',
        )
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts))
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 })
const results: fc.Arbitrary<LookupResult> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }).map(found),
  fc.constantFrom('REJECT x', 'dunno', '550', 'OK: x', 'permit, reject', '').map(found),
  fc.integer({ min: 90, max: 120_000 }).map((length) => found('v'.repeat(length))),
  fc.integer({ min: 400, max: 60_000 }).map((length) => found('é'.repeat(length))),
  fc.constant(notFound()),
  fc.string().map((reason) => temporary('connect', reason)),
  fc.string().map((reason) => permanent('refused', reason)),
)

for (const protocol of [...PROTOCOLS.values(), toy]) {
  const { client } = protocol
  describe(`the protocol ${protocol.name}`, () => {
    test('has a name that is a label value, and a sentence for each error', () => {
      expect(protocol.name).toMatch(/^[a-z][a-z0-9_]*$/)
      for (const [error, sentence] of Object.entries(protocol.errors))
        expect(`${error}: ${sentence}`).toMatch(/^[a-z-]+: [A-Z].*\.$/)
    })

    test('gives the same replies wherever the requests are cut, one after the other or all at once', () => {
      const requests = KEYS.map((key) => requestOf(protocol, key))
      const alone = requests.flatMap((request) => said(protocol, [request]).texts)
      expect(alone).toHaveLength(KEYS.length)
      const all = Buffer.concat(requests)
      for (const chunks of chunkings(all)) {
        expect(said(protocol, chunks)).toEqual({ texts: alone, errors: [], hasBegun: false })
      }
    })

    test('asks for the key that the client sent', () => {
      const bytes = fc
        .uint8Array({ maxLength: 20 })
        .filter((key) => !key.includes(0x0a) && isSent(protocol, key))
      fc.assert(
        fc.property(bytes, (key) => {
          const conversation = accept(protocol)
          conversation.push(requestOf(protocol, key))
          expect(conversation.next()).toMatchObject({
            kind: 'ask',
            protocol: protocol.name,
            table: 'aliases',
            key: Buffer.from(key),
          })
        }),
      )
    })

    test('has begun a request from its first byte to its last, and not outside', () => {
      const request = requestOf(protocol, 'key')
      for (let at = 0; at <= request.length; at++) {
        const { hasBegun } = said(protocol, [request.subarray(0, at)])
        expect([at, hasBegun]).toEqual([at, at > 0 && at < request.length])
      }
    })

    test('where any stream is cut changes nothing, and its errors are a closed set', () => {
      fc.assert(
        fc.property(stream, cuts, (wire, sizes) => {
          const whole = said(protocol, [wire])
          expect(said(protocol, cutAt(wire, sizes))).toEqual(whole)
          for (const error of whole.errors) expect(Object.keys(protocol.errors)).toContain(error)
        }),
        { numRuns: 1000 },
      )
    })

    test('the client reads what is deliverable, and never a "not found" that is none', () => {
      fc.assert(
        fc.property(results, (result) => {
          const conversation = accept(protocol)
          conversation.push(requestOf(protocol, 'a'))
          conversation.next()
          const told = result.kind === 'found' ? conversation.deliverable(result) : result
          const reply = conversation.reply(told)
          // A result that is not deliverable is never sent as it is.
          expect(conversation.reply(result)).toEqual(reply)
          const text = typeof reply === 'string' ? reply : reply.text
          if (text === '') {
            expect(reply).toMatchObject({ close: true })
            return
          }
          const decoder = client?.createDecoder()
          decoder?.push(Buffer.from(text))
          const frame = decoder?.read()
          if (frame?.kind !== 'frame') throw new Error(`not one reply: ${frame?.kind}`)
          const read = client?.parseReply(frame.payload)
          if (read?.kind === 'notfound') expect(told.kind).toBe('notfound')
          if (told.kind === 'found') expect(read).toEqual(found(Buffer.from(told.value).toString()))
        }),
        { numRuns: 500 },
      )
    })

    test('says what an outage means for its clients exactly where they send attributes', () => {
      expect(protocol.outage === undefined).toBe(protocol.attributes === undefined)
    })

    test('what its client says first needs no reply, and its client knows what is secret', () => {
      const opened = said(protocol, [Buffer.from(client?.opening ?? '')])
      expect([opened.texts.join(''), opened.errors, opened.hasBegun]).toEqual(['', [], false])
      if (client?.encodeAttributes !== undefined)
        expect(client.secretAttributes ?? []).toEqual(protocol.attributes?.secret)
    })

    test('an empty value and one beyond every limit are failures', () => {
      const conversation = accept(protocol)
      expect(conversation.deliverable({ kind: 'found', value: '' })).toMatchObject({ kind: 'temporary' })
      expect(conversation.deliverable({ kind: 'found', value: 'v'.repeat(10_000_000) })).toMatchObject({
        kind: 'temporary',
        cause: 'too-long',
      })
      const short = found(sampleValue(protocol))
      expect(conversation.deliverable(short)).toBe(short)
    })

    test('what main.cf writes is what its client reads, and takes the same request to the server', () => {
      const table = { name: 'aliases', isWritten: false }
      const inet = protocol.reference(table, { kind: 'inet', server: '[::1]:8464' }, protocol.example)
      const unix = protocol.reference(table, { kind: 'unix', path: 'mapgate/x' }, protocol.example)
      // Whole lines without a table are read by Postfix itself: test/postfix.
      if (inet?.kind === 'lines' && unix?.kind === 'lines') return
      const named = [inet, unix].flatMap((one) => (one?.kind === 'table' ? [one.server ?? one.text] : []))
      const targets = named.map((text) => client?.parse(text))
      expect(targets.length).toBeGreaterThan(0)
      expect(targets).toMatchObject(
        [
          { address: { kind: 'inet', host: '::1', port: 8464 } },
          { address: { kind: 'unix', path: 'mapgate/x' } },
        ].slice(inet?.kind === 'table' ? 0 : 1, unix?.kind === 'table' ? 2 : 1),
      )
      for (const text of named) expect(text.startsWith(`${client?.scheme}:`)).toBe(true)
    })
  })
}

/** Those whose replies have no place for a reason. */
const WITHOUT_REASONS = ['proxymap']

for (const protocol of PROTOCOLS.values()) {
  if (WITHOUT_REASONS.includes(protocol.name)) continue
  test(`${protocol.name} sends 200 bytes of a reason that is longer, wherever it came from`, () => {
    for (const kind of ['temporary', 'permanent'] as const) {
      const cause = kind === 'temporary' ? 'connect' : 'refused'
      const reply = accept(protocol).reply({ kind, cause, reason: 'x'.repeat(100_000) } as LookupResult)
      const text = typeof reply === 'string' ? reply : reply.text
      // What is said besides a key comes from people, and a reason is for operators: it stays in the log.
      const expected = protocol.attributes === undefined ? 'x'.repeat(200) : undefined
      expect(/xx+/.exec(text)?.[0]).toBe(expected)
    }
  })
}

test('two protocols of one name are refused', () => {
  expect(() => protocolsByName([toy, toy])).toThrow('two protocols have one name')
})

test('two words of whenUnknown for one result are refused: a conversation could not tell them apart', () => {
  const replies = [
    { word: 'WAIT', as: 'temporary', does: 'the toy waits' },
    { word: 'NAP', as: 'temporary', does: 'the toy naps' },
  ] as const
  expect(() => protocolsByName([{ ...toy, outage: { stops: 'every toy', replies } }])).toThrow(
    'protocol toy has two words of whenUnknown for one result',
  )
})

describe('a word of whenUnknown that two protocols have', () => {
  const other = (as: 'notFound' | 'temporary') => ({
    ...toy,
    name: 'other',
    outage: { stops: 'every other toy', replies: [{ word: 'SHRUG', as, does: 'the toy naps' }] },
  })

  test('is refused where it has different meanings', () => {
    for (const protocols of [
      [toy, other('temporary')],
      [other('temporary'), toy],
    ])
      expect(() => protocolsByName(protocols)).toThrow(
        'two protocols give whenUnknown: SHRUG different meanings',
      )
  })

  test('is taken where it means the same', () => {
    expect([...protocolsByName([toy, other('notFound')]).keys()]).toEqual(['toy', 'other'])
  })
})
