/**
 * A stranger who hides from a deny list, with a real smtpd: bytes in a sender or HELO that no table holds. The domain is in
 * the list all the same, as Postfix finds it in its own tables.
 */
import { beforeEach, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'
import { requirePostfix, startPostfix } from '../../support/postfix/postfix.ts'
import { openSmtpSession } from '../../support/postfix/smtp-session.ts'

beforeEach((context) => requirePostfix(context))

/** Without those that smtpd refuses by itself: domains with such bytes. */
const SENDERS = [
  'x@bad.example',
  '"a\x07b"@bad.example',
  'a\x01@bad.example',
  '"a\tb"@bad.example',
  '"a\x7fb"@bad.example',
  'a\xffb@bad.example',
  '"\xe9"@sub.bad.example',
]

const HELOS = [
  'evil.example',
  'x\x07.evil.example',
  '\x01.evil.example',
  '\x7f.evil.example',
  'x\xff.evil.example',
  `${'x'.repeat(64)}.evil.example`,
  `${'x.'.repeat(130)}evil.example`,
]

test('no byte in a sender or HELO passes a deny list', async (t) => {
  const gateway = await startGateway(
    t,
    `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
upstreams: { lists: { entries: { bad.example: REJECT listed, evil.example: REJECT listed } } }
tables:
  senders: { usedBy: check_sender_access, upstream: lists }
  helos: { usedBy: check_helo_access, upstream: lists }
`,
  )
  const map = `socketmap:inet:127.0.0.1:${gateway.address('socketmap').port}`
  const { smtpPort } = await startPostfix(t, {
    mynetworks: '',
    relay_domains: 'ours.example',
    smtpd_delay_reject: 'no',
    smtputf8_enable: 'no',
    smtpd_hard_error_limit: '100',
    smtpd_error_sleep_time: '0',
    smtpd_helo_restrictions: `check_helo_access ${map}:helos`,
    smtpd_sender_restrictions: `check_sender_access ${map}:senders`,
    smtpd_recipient_restrictions: 'reject_unauth_destination',
  })
  const session = await openSmtpSession(t, smtpPort)
  const told = async (line: string) => {
    const { text } = await session.command(line, 'latin1')
    return [line, /^554 .*: (Sender address|Helo command) rejected: listed$/.test(text) ? 'listed' : text]
  }
  for (const sender of SENDERS) {
    const line = `MAIL FROM:<${sender}>`
    expect(await told(line)).toEqual([line, 'listed'])
  }
  expect(await session.command('MAIL FROM:<"a\x07"@good.example>')).toMatchObject({ code: 250 })
  for (const helo of HELOS) {
    const line = `HELO ${helo}`
    expect(await told(line)).toEqual([line, 'listed'])
  }
  expect(await session.command('HELO x\x07.good.example')).toMatchObject({ code: 250 })
})
