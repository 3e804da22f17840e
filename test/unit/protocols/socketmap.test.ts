/**
 * What a Sendmail gets where a Postfix would get PERM; everything else is the same, in socketmap.md.
 */
import { expect, test } from 'vitest'
import { found, NO_TABLE, NOT_FOUND, temporary } from '../../../src/core/result.ts'
import { SocketmapConversation } from '../../../src/protocols/socketmap/conversation.ts'

const SENDMAIL = { settings: { client: 'sendmail' } } as const

test('a permanent failure is TEMP for Sendmail, which takes PERM for "no match"', () => {
  expect(new SocketmapConversation(SENDMAIL).reply(NO_TABLE)).toBe(
    '45:TEMP no such table; check its name in main.cf,',
  )
})

test('a request without a space is TEMP for Sendmail, too', () => {
  const conversation = new SocketmapConversation(SENDMAIL)
  conversation.push(Buffer.from('7:virtual,'))
  expect(conversation.next()).toMatchObject({
    kind: 'reply',
    error: 'bad-request',
    text: '58:TEMP bad request: expected a table name, a space and a key,',
  })
})

test('found, not found and temporary are the same for both', () => {
  const [postfix, sendmail] = [new SocketmapConversation(), new SocketmapConversation(SENDMAIL)]
  for (const result of [
    found('a@b.example'),
    NOT_FOUND,
    temporary('timeout', 'late'),
    temporary('status', '503'),
  ])
    expect(sendmail.reply(result)).toBe(postfix.reply(result))
  expect(postfix.reply(NO_TABLE)).toContain(':PERM no such table')
})

// A reply holds 100000 bytes with "OK ": this is the bound below which nothing is measured.
test('33332 signs of three bytes fit into a reply, and 33333 do not', () => {
  const conversation = new SocketmapConversation()
  const longest = found('€'.repeat(33_332))
  expect(conversation.deliverable(longest)).toBe(longest)
  expect(conversation.reply(longest)).toBe(`99999:OK ${'€'.repeat(33_332)},`)
  expect(conversation.deliverable(found('€'.repeat(33_333)))).toMatchObject({ cause: 'too-long' })
})
