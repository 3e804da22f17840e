/**
 * The whole set-up of docs/resilience.md with a real smtpd, inbound and submission, while its service is dead: what its two tables
 * of mail say.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { authPlain } from '../../support/postfix/dovecot-auth.ts'
import { requirePostfix } from '../../support/postfix/postfix.ts'
import { openSmtpSession } from '../../support/postfix/smtp-session.ts'
import { ENTRIES, FLOWS, inbound, start, submit } from './larger-walk.ts'
import { type PageTables, tablesOfResilience } from './page-tables.ts'
import { addresses, count, print, send } from './setup.ts'

/** What waits, as the page says, and why. */
const WAITS: Readonly<Record<string, string>> = {
  'unknown address': 'nobody@example.com',
  'catch-all, never asked': 'never@example.net',
  'extension, never asked': 'ann+never@example.com',
}

/** The dead service's answers are 75 s old; the addresses elsewhere go to the backend, too. */
const OUTAGE_MS = 75_000

describe('with the whole set-up of docs/resilience.md', () => {
  beforeEach((context) => requirePostfix(context))

  test('every row of inbound mail that the page says flows does, the others wait, and nothing bounces', async (t) => {
    const setup = await start(t, tablesOfResilience())
    const { service, postfix, clock } = setup
    const all = Object.fromEntries(Object.entries(FLOWS).map(([name, [, , got]]) => [name, got]))
    // The catch-all has to be known when its user is asked for: else nobody knows which of them was there first.
    expect(count(await send(t, postfix, ['first@example.net'], 'first'), 250)).toBe(1)
    expect(await inbound(t, setup, 'before')).toEqual(all)
    expect(count(await send(t, postfix, ['nobody@example.com'], 'unknown'), 550)).toBe(1)
    await service.stop()
    expect(count(await send(t, postfix, ['nobody@example.com'], 'unknown'), 550)).toBe(1)
    clock.jump(OUTAGE_MS)
    const flowed = await inbound(t, setup, 'inbound, +75 s')
    print(
      'inbound, +75 s',
      Object.fromEntries(
        Object.entries(FLOWS).map(([name, [, , got]]) => [name, [flowed[name]?.length ?? 0, got.length]]),
      ),
    )
    expect(flowed).toEqual(all)
    for (const [name, address] of Object.entries(WAITS))
      expect([name, count(await send(t, postfix, [address], name), 451)]).toEqual([name, 1])
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })

  test('a denied sender whose answer is known stays denied; one who was never asked gets in', async (t) => {
    const setup = await start(t, tablesOfResilience())
    const { service, postfix, clock } = setup
    await inbound(t, setup, 'before')
    const from = async (sender: string) =>
      (await send(t, postfix, ['ann@example.com'], 'checked', sender)).recipients.map(({ code }) => code)
    expect(await from('bad@elsewhere.example')).toEqual([554])
    await service.stop()
    clock.jump(OUTAGE_MS)
    expect(await from('bad@elsewhere.example')).toEqual([554])
    expect(await from('never@asked.example')).toEqual([250])
  })

  test('mail of somebody logged in flows, to elsewhere and to a mailbox here', async (t) => {
    const setup = await start(t, tablesOfResilience())
    const { service, sink, postfix, clock } = setup
    const both = async (when: string) => {
      const got: (readonly string[])[] = []
      for (const to of ['z@elsewhere.example', 'bob@example.com']) {
        const subject = `${when}, to ${to}`
        const sent = await submit(t, setup, to, subject)
        got.push(sent.message?.code === 250 ? await sink.recipientsOf(subject, 1) : [])
      }
      return got
    }
    const all = [['z@elsewhere.example'], ['bob@example.com']]
    expect(await both('before')).toEqual(all)
    await service.stop()
    clock.jump(OUTAGE_MS)
    const got = await both('submission, +75 s')
    print('submission, +75 s', {
      'to elsewhere': [got[0]?.length ?? 0, 1],
      'to a mailbox': [got[1]?.length ?? 0, 1],
    })
    expect(got).toEqual(all)
    const session = await openSmtpSession(t, postfix.smtpPort)
    await session.command(authPlain('bob@example.com'))
    const waiting = await session.send('bob@example.com', ['z@elsewhere.example'], 'never used')
    expect(waiting.recipients.map(({ code }) => code)).toEqual([451])
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })

  test('one deny list does not stop everything: with five of the tables 40 of 40 own addresses are accepted', async (t) => {
    const { domains, mailboxes, aliases, transport, 'sender-access': access } = tablesOfResilience()
    const tables = { domains, mailboxes, aliases, transport, 'sender-access': access } as PageTables
    const own = addresses('m', 40)
    const boxes = Object.fromEntries(own.map((address) => [address, 'box/']))
    const { service, sink, postfix, clock } = await start(t, tables, { ...ENTRIES, mailboxes: boxes })
    expect(count(await send(t, postfix, own, 'before'), 250)).toBe(40)
    await sink.recipientsOf('before', 40)
    const { otherwise } = service
    service.otherwise = (request) => {
      if (request.url.includes('poison')) return { status: 500 }
      return typeof otherwise === 'function' ? otherwise(request) : otherwise
    }
    // The service fails for this sender alone: a stranger's choice, by which no check is missed.
    expect(
      count(await send(t, postfix, own.slice(0, 1), 'failing sender', 'poison@elsewhere.example'), 451),
    ).toBe(1)
    await service.stop()
    clock.jump(OUTAGE_MS)
    const sent = await send(t, postfix, own, 'down')
    print('five tables, +75 s', { 'own addresses': [count(sent, 250), 40] })
    expect(count(sent, 250)).toBe(40)
    expect(await sink.recipientsOf('down', 40)).toEqual(own)
  })
})
