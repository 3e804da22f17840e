/**
 * The whole set-up of docs/resilience.md with a real smtpd, and the mail that must get through it, inbound and submission.
 */
import { expect } from 'vitest'
import type { Cleanup } from '../../support/http/http-service.ts'
import { authPlain, startDovecotAuth } from '../../support/postfix/dovecot-auth.ts'
import { openSmtpSession, type Sent } from '../../support/postfix/smtp-session.ts'
import type { Entries } from './directory.ts'
import { mainCfFor, type PageTables } from './page-tables.ts'
import { type OutageSetup, STRANGER, send, startOutage } from './setup.ts'

export const ENTRIES: Entries = {
  domains: { 'example.com': 'example.com', 'example.net': 'example.net' },
  mailboxes: {
    'ann@example.com': 'ann/',
    'bob@example.com': 'bob/',
    'box@example.net': 'box/',
  },
  aliases: {
    'team@example.com': ['ann@example.com', 'bob@example.com'],
    'ext@example.com': 'far@elsewhere.example',
    '@example.net': 'box@example.net',
    'x@example.org': 'ann@example.com',
  },
  'sender-access': { 'bad@elsewhere.example': 'REJECT' },
  'sender-logins': { 'ann@example.com': 'ann@example.com', 'bob@example.com': 'bob@example.com' },
}

/** What flows, by a name for the output: from, to, and who gets it. */
export const FLOWS: Readonly<Record<string, readonly [from: string, to: string, got: readonly string[]]>> = {
  'plain mailbox': [STRANGER, 'ann@example.com', ['ann@example.com']],
  'alias to two mailboxes': [STRANGER, 'team@example.com', ['ann@example.com', 'bob@example.com']],
  'alias to elsewhere': [STRANGER, 'ext@example.com', ['far@elsewhere.example']],
  'mailbox with extension': [STRANGER, 'ann+news@example.com', ['ann+news@example.com']],
  'catch-all': [STRANGER, 'who@example.net', ['box@example.net']],
  'null sender': ['', 'ann@example.com', ['ann@example.com']],
  'alias domain': [STRANGER, 'x@example.org', ['ann@example.com']],
  'relay domain': [STRANGER, 'who@relay.example', ['who@relay.example']],
}

export async function start(
  t: Cleanup,
  tables: PageTables,
  entries: Entries = ENTRIES,
): Promise<OutageSetup> {
  const auth = await startDovecotAuth(t)
  return startOutage(t, {
    tables,
    entries,
    mainCf: (map) => ({
      ...mainCfFor(tables, map),
      ...auth,
      smtpd_sender_restrictions: `check_sender_access ${map('sender-access')}, reject_sender_login_mismatch`,
      smtpd_relay_restrictions: 'permit_sasl_authenticated, reject_unauth_destination',
    }),
  })
}

export async function inbound(t: Cleanup, { postfix, sink }: OutageSetup, when: string) {
  const flowed: Record<string, readonly string[]> = {}
  for (const [name, [from, to, got]] of Object.entries(FLOWS)) {
    const subject = `${when}, ${name}`
    const sent = await send(t, postfix, [to], subject, from)
    flowed[name] = sent.message?.code === 250 ? await sink.recipientsOf(subject, got.length) : []
  }
  return flowed
}

/** By somebody who has logged in as ann. */
export async function submit(
  t: Cleanup,
  { postfix }: OutageSetup,
  to: string,
  subject: string,
): Promise<Sent> {
  const session = await openSmtpSession(t, postfix.smtpPort)
  expect((await session.command(authPlain('ann@example.com'))).code).toBe(235)
  return session.send('ann@example.com', [to], subject)
}
