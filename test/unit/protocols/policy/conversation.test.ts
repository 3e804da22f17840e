import { expect, test } from 'vitest'
import { PolicyConversation } from '../../../../src/protocols/policy/conversation.ts'

test('a request of 100 attributes is asked, one of 101 is deferred', () => {
  const step = (attributes: number) => {
    const conversation = new PolicyConversation({ settings: { table: 't' }, random: () => 0 })
    const lines = Array.from({ length: attributes - 1 }, (_, at) => `a${at}=x\n`)
    conversation.push(Buffer.from(`request=smtpd_access_policy\n${lines.join('')}\n`))
    return conversation.next()
  }
  expect(step(100)).toMatchObject({ kind: 'ask', table: 't' })
  expect(step(101)).toMatchObject({ kind: 'reply', text: expect.stringMatching(/^action=DEFER_IF_PERMIT /) })
})
