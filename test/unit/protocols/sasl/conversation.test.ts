/**
 * What a transcript cannot show of a login: the handshake, the attributes, how long a refusal is held back, and that
 * nothing secret can be read out of a question.
 */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { found, type LookupResult, notFound, temporary } from '../../../../src/core/result.ts'
import type { AskStep, Reply } from '../../../../src/protocols/protocol.ts'
import { SaslConversation, type SaslSettings } from '../../../../src/protocols/sasl/conversation.ts'

const SETTINGS: SaslSettings = { table: 't', mechanisms: ['PLAIN', 'XOAUTH2'], failDelayMs: 1000 }

const listener = (changes: Partial<SaslSettings> = {}) => ({
  settings: { ...SETTINGS, ...changes },
  random: () => 0.5,
})

const base64 = (text: string) => Buffer.from(text).toString('base64')

const PLAIN = base64('\0bob\0geheim-77')

function ask(conversation: SaslConversation, address = '192.0.2.1', mechanism = 'PLAIN', response = PLAIN) {
  const fields = ['AUTH', '1', mechanism, 'service=smtp', 'nologin', 'lip=192.0.2.9', `rip=${address}`]
  conversation.push(Buffer.from(`${[...fields, 'secured', `resp=${response}`].join('\t')}\n`))
  return conversation.next()
}

/** How long the reply to a login is held back, ms. */
function delay(conversation: SaslConversation, result: LookupResult, address?: string): number {
  ask(conversation, address)
  const reply: Reply = conversation.reply(result)
  return typeof reply === 'string' ? 0 : (reply.delayMs ?? 0)
}

test('the server says all of its handshake at once, with a cookie of its own', () => {
  const { greeting } = new SaslConversation(listener())
  expect(greeting).toEqual({
    text: 'VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tXOAUTH2\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t88888888888888888888888888888888\nDONE\n',
  })
})

test('a question has what smtpd said, and its secrets by name only', () => {
  const step = ask(new SaslConversation(listener())) as AskStep
  expect(step).toMatchObject({ kind: 'ask', protocol: 'sasl', table: 't', key: Buffer.from('bob') })
  expect(step.attributes?.shown).toEqual({
    user: 'bob',
    mechanism: 'PLAIN',
    service: 'smtp',
    client_address: '192.0.2.1',
    server_address: '192.0.2.9',
    secured: 'yes',
  })
  expect([step.attributes?.get('password'), step.attributes?.get('token')]).toEqual(['geheim-77', ''])
  expect(inspect(step, { depth: 9, showHidden: true }) + JSON.stringify(step)).not.toMatch(/geheim|Z2VoZWlt/)
})

test('a session without TLS is not said to be secured', () => {
  const conversation = new SaslConversation(listener())
  conversation.push(Buffer.from(`AUTH\t1\tPLAIN\tservice=smtp\tnologin\trip=192.0.2.1\tresp=${PLAIN}\n`))
  expect((conversation.next() as AskStep).attributes?.shown.secured).toBe('')
})

describe('a password with a NUL is none', () => {
  test('to LOGIN, whose messages are a name and a password each', () => {
    const conversation = new SaslConversation(listener({ mechanisms: ['LOGIN'] }))
    const say = (line: string) => {
      conversation.push(Buffer.from(`${line}\n`))
      return conversation.next()
    }
    say('AUTH\t1\tLOGIN\tservice=smtp\trip=192.0.2.1')
    say(`CONT\t1\t${base64('bob')}`)
    expect(say(`CONT\t1\t${base64('gehe\0im')}`)).toMatchObject({
      kind: 'reply',
      text: 'FAIL\t1\treason=Wrong user name, password or token\n',
      result: { kind: 'notfound' },
    })
  })

  test('to PLAIN, where it begins another field', () => {
    const step = ask(new SaslConversation(listener()), '', 'PLAIN', base64('\0bob\0gehe\0im'))
    expect(step).toMatchObject({ kind: 'reply', result: { kind: 'notfound' } })
  })
})

test('a token is in the place of a password', () => {
  const response = base64('user=bob\x01auth=Bearer t0k\x01\x01')
  const { attributes } = ask(new SaslConversation(listener()), '', 'xoauth2', response) as AskStep
  expect(attributes?.shown.mechanism).toBe('XOAUTH2')
  expect([attributes?.get('password'), attributes?.get('token')]).toEqual(['', 't0k'])
})

test('a token is asked of its own table, where there is one, and a password is not', () => {
  const conversation = new SaslConversation(listener({ tokenTable: 'tokens' }))
  const response = base64('user=bob\x01auth=Bearer t0k\x01\x01')
  expect(ask(conversation, '', 'XOAUTH2', response)).toMatchObject({ table: 'tokens' })
  expect(ask(conversation)).toMatchObject({ table: 't' })
})

describe('the refusal of a wrong password', () => {
  test('takes one, two, three seconds, and never more', () => {
    const conversation = new SaslConversation(listener())
    const delays = [1, 2, 3, 4, 5].map(() => delay(conversation, notFound()))
    expect(delays).toEqual([1000, 2000, 3000, 3000, 3000])
  })

  test('is counted by client address, over all connections of the listener', () => {
    const one = listener()
    expect(delay(new SaslConversation(one), notFound())).toBe(1000)
    expect(delay(new SaslConversation(one), notFound(), '192.0.2.2')).toBe(1000)
    expect(delay(new SaslConversation(one), notFound())).toBe(2000)
    expect(delay(new SaslConversation(listener()), notFound())).toBe(1000)
  })

  test('is quick again after a right one, and an outage counts for nothing', () => {
    const conversation = new SaslConversation(listener())
    expect(delay(conversation, notFound())).toBe(1000)
    expect(delay(conversation, temporary('connect', 'down'))).toBe(0)
    expect(delay(conversation, notFound())).toBe(2000)
    expect(delay(conversation, found('bob'))).toBe(0)
    expect(delay(conversation, notFound())).toBe(1000)
  })

  test('takes the time of the setting', () => {
    const conversation = new SaslConversation(listener({ failDelayMs: 0 }))
    expect([1, 2].map(() => delay(conversation, notFound()))).toEqual([0, 0])
  })

  test('of a token comes behind what it is told first', () => {
    const conversation = new SaslConversation(listener())
    ask(conversation, '', 'XOAUTH2', base64('user=bob\x01auth=Bearer t0k\x01\x01'))
    expect(conversation.reply(notFound())).toEqual({
      text: expect.stringMatching(/^CONT\t1\t/),
      delayMs: 1000,
    })
    conversation.push(Buffer.from('CONT\t1\t\n'))
    expect(conversation.next()).toEqual({
      kind: 'reply',
      text: 'FAIL\t1\treason=Wrong user name, password or token\n',
      delayMs: 1000,
    })
  })

  test('of what cannot be read takes as long, and counts as "not found"', () => {
    const step = ask(new SaslConversation(listener()), '', 'PLAIN', base64('no password'))
    expect(step).toMatchObject({ delayMs: 1000, result: { kind: 'notfound' } })
  })
})

test('guessers from more addresses than are remembered are still held back', () => {
  const conversation = new SaslConversation(listener())
  for (let n = 0; n <= 10_001; n++) delay(conversation, notFound(), `192.0.2.${n}`)
  expect(delay(conversation, notFound(), '192.0.2.10001')).toBe(2000)
  expect(delay(conversation, notFound(), '192.0.2.0')).toBe(1000)
})

test('a mechanism that a reload takes away is not served on an open connection', () => {
  const one = { settings: SETTINGS, random: () => 0 }
  const conversation = new SaslConversation(one)
  one.settings = { ...SETTINGS, mechanisms: ['XOAUTH2'] }
  expect(ask(conversation)).toMatchObject({ kind: 'reply', text: '', close: true, error: 'bad-request' })
})

test('a user name has at most 255 bytes, and no control characters', () => {
  const conversation = new SaslConversation(listener())
  const kinds = [
    'x'.repeat(255),
    'é'.repeat(127),
    'x'.repeat(256),
    'é'.repeat(128),
    'a\tuser=b',
    'a\nOK',
    'a\0',
    'a\x7f',
  ]
  expect(kinds.map((value) => conversation.deliverable({ kind: 'found', value }).kind)).toEqual([
    'found',
    'found',
    ...Array(6).fill('temporary'),
  ])
})
