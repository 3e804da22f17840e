/**
 * Laws of the protocols that ask by attributes, policy and sasl, over any bytes and any cuts. A longer run:
 * MAPGATE_TEST_SECONDS=600.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { found, notFound } from '../../src/core/result.ts'
import { policyClient } from '../../src/protocols/policy/client.ts'
import { PolicyConversation } from '../../src/protocols/policy/conversation.ts'
import { saslClient } from '../../src/protocols/sasl/client.ts'
import { SaslConversation } from '../../src/protocols/sasl/conversation.ts'
import { sasl } from '../../src/protocols/sasl/protocol.ts'
import { cutAt } from '../support/wire/chunkings.ts'
import { lineFrame } from '../support/wire/transcript.ts'
import { bytes, cuts, result, runsOf, text } from './arbitraries.ts'

const runs = runsOf(4)

describe('replies', () => {
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

function saslLogin(): SaslConversation {
  const conversation = new SaslConversation({ settings: sasl.example, random: () => 0 })
  conversation.push(Buffer.from(`AUTH\t7\tPLAIN\tresp=${Buffer.from('\0a\0b').toString('base64')}\n`))
  expect(conversation.next().kind).toBe('ask')
  return conversation
}

function policy(): PolicyConversation {
  return new PolicyConversation({ settings: { table: 't' }, random: () => 0 })
}
