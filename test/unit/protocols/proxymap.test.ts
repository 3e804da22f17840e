/**
 * What a listener's settings change in the proxymap protocol, and what is too long for it.
 */
import { describe, expect, test } from 'vitest'
import type { Conversation, Step } from '../../../src/protocols/protocol.ts'
import { ProxymapConversation } from '../../../src/protocols/proxymap/conversation.ts'
import { proxymap } from '../../../src/protocols/proxymap/protocol.ts'
import { cutAt } from '../../support/wire/chunkings.ts'

function accept(settings: Partial<typeof proxymap.example> = {}): ProxymapConversation {
  return new ProxymapConversation({ settings: { ...proxymap.example, ...settings }, random: () => 0 })
}

/** The steps that a server takes for these messages; `|` stands for a NUL. */
function steps(conversation: Conversation, wire: string): Step[] {
  conversation.push(Buffer.from(wire.replaceAll('|', '\0')))
  const taken: Step[] = []
  for (let step = conversation.next(); step.kind !== 'more'; step = conversation.next()) taken.push(step)
  return taken
}

const LOOKUP = 'request|lookup|table|mapgate:aliases|flags|16384|key|A@B||'

describe('the greeting', () => {
  const text = 'protocol\0proxymap_protocol\0\0'
  test('is for who is silent for 50 ms, for everybody, or for nobody', () => {
    expect(accept().greeting).toEqual({ text, whenSilentForMs: 50 })
    expect(accept({ greeting: 'always' }).greeting).toEqual({ text })
    expect(accept({ greeting: 'never' }).greeting).toBe(undefined)
  })
})

describe('a table', () => {
  test('is searched by Postfix: only the key itself is looked for, folded where Postfix has not', () => {
    expect(steps(accept(), LOOKUP)).toMatchObject([{ kind: 'ask', exact: true, key: Buffer.from('a@b') }])
  })

  test('is asked for the first key where a client sends two', () => {
    const twice = LOOKUP.replace('A@B||', 'A@B|key|c@d||')
    expect(steps(accept(), twice)).toMatchObject([{ kind: 'ask', key: Buffer.from('a@b') }])
  })

  test('is searched by us with pattern: the key stays as it was written, and the flag says so', () => {
    const conversation = accept({ pattern: true })
    expect(steps(conversation, LOOKUP)).toMatchObject([
      { kind: 'ask', exact: false, key: Buffer.from('A@B') },
    ])
    expect(steps(conversation, 'request|open|table|mapgate:aliases|instance_flags|540736||')).toMatchObject([
      { kind: 'reply', text: 'status\x000\0flags\x00540768\0\0' },
    ])
  })
})

describe('flags', () => {
  const lookup = (flags: string) => steps(accept(), LOOKUP.replace('16384', flags))

  // Source: Postfix src/util/attr_print0.c writes an int as %u.
  test('are what 32 bits hold, as Postfix writes them', () => {
    for (const flags of ['0', '4294967295']) expect(lookup(flags)).toMatchObject([{ kind: 'ask' }])
    for (const flags of ['4294967296', '9999999999', '00000000000', '-1', '1.5', '', 'x'])
      expect(lookup(flags)).toMatchObject([{ kind: 'reply', text: 'status\x002\0value\0\0\0' }])
  })
})

describe('a table that is not ours', () => {
  const target = { address: { kind: 'unix', path: '/p' }, createDecoder: () => expect.unreachable() } as const

  test('is passed on unchanged, whatever is asked, and ours is not', () => {
    const conversation = accept({ pass: target })
    const foreign = 'request|open|table|unix:passwd.byname|flags|64||'
    const taken = steps(
      conversation,
      `${foreign}${LOOKUP}request|sequence|table|lmdb:/x|flags|0|function|0||`,
    )
    expect(taken).toMatchObject([
      { kind: 'pass', target, request: Buffer.from(foreign.replaceAll('|', '\0')) },
      { kind: 'ask', table: 'aliases' },
      { kind: 'pass', target },
    ])
  })

  test('is what has a type that is not ours: a name without one, or with ours in another case, is never passed on', () => {
    const named = (table: string, settings = {}) =>
      steps(accept({ pass: target, ...settings }), `request|lookup|table|${table}|flags|0|key|k||`)
    for (const table of [
      'aliases',
      '',
      'x',
      'mapgate',
      'MAPGATE:verify',
      'Mapgate:',
      'mapgate:',
      'mapgate:a:b',
    ])
      expect(named(table)).toMatchObject([{ kind: 'ask', table: table.replace(/^mapgate:/, '') }])
    for (const table of ['mapgat:x', 'mapgates:x', 'unix:passwd.byname', ':', 'a:mapgate:b'])
      expect(named(table)).toMatchObject([{ kind: 'pass', target }])
    for (const table of ['aliases', '', 'MAPGATE:verify'])
      expect(
        steps(accept({ pass: target }), `request|open|table|${table}|instance_flags|64||`),
      ).toMatchObject([{ kind: 'reply', text: 'status\x000\0flags\x0080\0\0' }])
  })

  test('fails without being found or not found while the other server is away, whatever is asked, in its own form', () => {
    const conversation = accept({ pass: target, write: ['verify'] })
    const away = { kind: 'temporary', cause: 'connect', reason: 'refused' } as const
    const cases: [request: string, reply: string][] = [
      ['open|table|unix:passwd.byname|flags|64||', 'status|2|flags|0||'],
      ['open|table|unix:passwd.byname|instance_flags|64||', 'status|2|flags|0||'],
      ['lookup|table|unix:passwd.byname|flags|64|key|root||', 'status|2|value|||'],
      ['lookup|table|unix:passwd.byname|instance_flags|64|flags|80|key|root||', 'status|2|flags|80|value|||'],
      ['update|table|btree:/x|flags|64|key|a|value|b||', 'status|2||'],
      ['update|table|btree:/x|instance_flags|64|flags|80|key|a|value|b||', 'status|2|flags|80||'],
      ['delete|table|btree:/x|flags|64|key|a||', 'status|2||'],
      ['delete|table|btree:/x|instance_flags|64|flags|80|key|a||', 'status|2|flags|80||'],
      ['sequence|table|btree:/x|flags|64|function|0||', 'status|2|key||value|||'],
      ['sequence|table|btree:/x|instance_flags|64|flags|80|function|1||', 'status|2|flags|80|key||value|||'],
    ]
    for (const [request, reply] of cases) {
      expect(steps(conversation, `request|${request}`)).toMatchObject([{ kind: 'pass', target }])
      expect(conversation.reply(away)).toBe(reply.replaceAll('|', '\0'))
    }
    expect(conversation.reply({ kind: 'passed', bytes: Buffer.from([0xff]) })).toEqual({
      text: '',
      bytes: Buffer.from([0xff]),
    })
  })
})

describe('a change', () => {
  const changes = [
    'request|update|table|mapgate:verify|flags|16384|key|A@B|value|V||',
    'request|delete|table|mapgate:verify|flags|16384|key|A@B||',
  ].join('')
  const keys = (settings: Partial<typeof proxymap.example>) =>
    steps(accept(settings), changes).map(
      (step) => step.kind === 'store' && 'key' in step.request && `${step.request.key}`,
    )

  test('is folded where Postfix has not, as the lookup is; with pattern neither is', () => {
    expect(keys({ write: ['verify'] })).toEqual(['a@b', 'a@b'])
    expect(keys({ write: ['verify'], pattern: true })).toEqual(['A@B', 'A@B'])
  })

  test('of a foreign table is passed on, of one that is not in write refused, beside each other', () => {
    const target = {
      address: { kind: 'unix', path: '/p' },
      createDecoder: () => expect.unreachable(),
    } as const
    const conversation = accept({ pass: target, write: ['verify'] })
    const taken = steps(
      conversation,
      'request|update|table|btree:/x|flags|0|key|a|value|b||request|update|table|mapgate:aliases|flags|0|key|a|value|b||request|update|table|mapgate:verify|flags|0|key|a|value|b||',
    )
    expect(taken).toMatchObject([
      { kind: 'pass', target },
      { kind: 'reply', text: 'status\x005\0\0', error: 'write', refusedChange: 'aliases' },
      { kind: 'store', request: { operation: 'put', table: 'verify' } },
    ])
  })
})

describe('a sequence', () => {
  const sequence = (order: number) => `request|sequence|table|mapgate:verify|flags|0|function|${order}||`
  const scan = (after?: string) => ({
    kind: 'store',
    request: {
      operation: 'scan',
      table: 'verify',
      ...(after === undefined ? {} : { after: Buffer.from(after) }),
    },
  })

  test('goes on behind the last entry, whatever was asked between, and begins anew when it is told to', () => {
    const conversation = accept({ write: ['verify'] })
    expect(steps(conversation, sequence(0))).toEqual([scan()])
    expect(conversation.reply({ kind: 'entry', key: 'ä', value: '1' })).toBe(
      'status\x000\0key\0ä\0value\x001\0\0',
    )
    steps(conversation, 'request|delete|table|mapgate:verify|flags|0|key|ä||')
    expect(conversation.reply({ kind: 'done' })).toBe('status\x000\0\0')
    steps(conversation, 'request|lookup|table|mapgate:verify|flags|0|key|b||')
    expect(steps(conversation, sequence(1))).toEqual([scan('ä')])
    expect(conversation.reply({ kind: 'notfound' })).toBe('status\x001\0key\0\0value\0\0\0')
    expect(steps(conversation, sequence(0))).toEqual([scan()])
  })

  test('of another connection has a place of its own', () => {
    const [one, other] = [accept({ write: ['verify'] }), accept({ write: ['verify'] })]
    steps(one, sequence(0))
    one.reply({ kind: 'entry', key: 'a', value: '1' })
    expect(steps(other, sequence(1))).toEqual([scan()])
  })
})

describe('a request that is too long', () => {
  const AFTER = 'request|lookup|table|mapgate:aliases|flags|0|key|b||'
  for (const pieceBytes of [1000, 65_536, 10_000_000]) {
    test(`is skipped and answered in its own form, in pieces of ${pieceBytes} bytes`, () => {
      const cases: [wire: string, reply: string][] = [
        ['request|lookup|table|mapgate:aliases|flags|0|key|', 'status\x002\0value\0\0\0'],
        [
          'request|lookup|table|mapgate:aliases|instance_flags|0|flags|0|key|',
          'status\x002\0flags\x000\0value\0\0\0',
        ],
        ['request|update|table|mapgate:aliases|flags|0|key|a|value|', 'status\x002\0\0'],
        ['', 'status\x002\0value\0\0\0'],
      ]
      for (const [head, reply] of cases) {
        const conversation = accept()
        const wire = `${head}${'x'.repeat(2_000_000)}|${head === '' ? '|' : ''}|${AFTER}`
        const taken: Step[] = []
        for (const chunk of cutAt(Buffer.from(wire.replaceAll('|', '\0')), [pieceBytes])) {
          conversation.push(chunk)
          for (let step = conversation.next(); step.kind !== 'more'; step = conversation.next())
            taken.push(step)
        }
        expect(taken).toMatchObject([
          { kind: 'reply', text: reply, error: 'request-limit' },
          { kind: 'ask', key: Buffer.from('b') },
        ])
        expect(conversation.hasBegun).toBe(false)
      }
    })
  }

  test('has a limit of 131072 bytes to the byte', () => {
    const head = 'request|lookup|table|mapgate:aliases|flags|0|key|'
    const wire = (bytes: number) => `${head}${'k'.repeat(bytes - head.length - 2)}||`
    expect(steps(accept(), wire(131_072))).toMatchObject([{ kind: 'ask' }])
    expect(steps(accept(), wire(131_073))).toMatchObject([{ kind: 'reply', error: 'request-limit' }])
  })
})

test('a value with a NUL byte, and one of more than 1 MiB, are failures', () => {
  const conversation = accept()
  expect(conversation.deliverable({ kind: 'found', value: 'a\0b' })).toMatchObject({ cause: 'unreadable' })
  expect(conversation.deliverable({ kind: 'found', value: 'v'.repeat(1_048_577) })).toMatchObject({
    cause: 'too-long',
  })
  expect(conversation.deliverable({ kind: 'found', value: 'v'.repeat(1_048_576) })).toMatchObject({
    kind: 'found',
  })
})
