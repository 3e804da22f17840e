/**
 * What the last "not found" can do wrong with a real Postfix, each limit of docs/resilience.md ("What can go wrong"); and the
 * set-ups that no proof holds for, where mail waits and nothing bounces.
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Cleanup } from '../../support/http/http-service.ts'
import { startDovecotAuth } from '../../support/postfix/dovecot-auth.ts'
import { startLmtpSink } from '../../support/postfix/lmtp-sink.ts'
import { type Postfix, requirePostfix } from '../../support/postfix/postfix.ts'
import { until } from '../../support/postfix/until.ts'
import { testDirectory } from '../../support/wire/sockets.ts'
import type { Entries } from './directory.ts'
import { changed, mainCfFor, type PageTables, tablesOfPages, tablesOfResilience } from './page-tables.ts'
import { type OutageParts, type OutageSetup, send, startOutage } from './setup.ts'

const HOUR_MS = 3_600_000

const USUAL = () => tablesOfPages('virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_maps')

const ENTRIES = {
  domains: { 'example.com': 'example.com' },
  mailboxes: { 'ann@example.com': 'ann/', 'bob@example.com': 'bob/' },
  aliases: {},
}

function start(
  t: Cleanup,
  parts: Partial<OutageParts> & { readonly tables: PageTables },
): Promise<OutageSetup> {
  return startOutage(t, { entries: ENTRIES, mainCf: (map) => mainCfFor(parts.tables, map), ...parts })
}

/** The reply codes to one recipient's message; the last one is that to the message, if it was sent. */
async function codes(
  t: Cleanup,
  postfix: Postfix,
  to: string,
  subject: string,
): Promise<readonly (number | undefined)[]> {
  const { recipients, message } = await send(t, postfix, [to], subject)
  return [recipients[0]?.code, message?.code]
}

const ACCEPTED = [250, 250]
const WAITS = [451, undefined]

/** Dies, and is asked again when every "not found" is over. */
async function die({ service, clock }: OutageSetup, forMs = 15_000): Promise<void> {
  await service.stop()
  clock.jump(forMs)
}

/** The alias is made when the service has just been asked, and then the service dies. */
async function dieWith(setup: OutageSetup, entries: Entries): Promise<void> {
  setup.serve(entries)
  await die(setup)
}

describe('what can go wrong', () => {
  beforeEach((context) => requirePostfix(context))

  test('a forward made for a mailbox after its last lookup is missed: the mail stays in the mailbox, and nothing bounces', async (t) => {
    const setup = await start(t, { tables: USUAL() })
    const { postfix, sink } = setup
    expect(await codes(t, postfix, 'ann@example.com', 'before')).toEqual(ACCEPTED)
    await dieWith(setup, { ...ENTRIES, aliases: { 'ann@example.com': 'bob@example.com' } })
    expect(await codes(t, postfix, 'ann@example.com', 'missed')).toEqual(ACCEPTED)
    expect(await sink.recipientsOf('missed', 1)).toEqual(['ann@example.com'])
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })

  test('members added to a list that is a mailbox as well miss its mail, for as long as the "not found" may count', async (t) => {
    const tables = changed(USUAL(), {
      aliases: { cache: { staleNotFound: { for: '1h', ifFoundIn: 'mailboxes' } } },
    })
    const setup = await start(t, { tables })
    const { postfix, sink, clock } = setup
    expect(await codes(t, postfix, 'ann@example.com', 'before')).toEqual(ACCEPTED)
    setup.serve({ ...ENTRIES, aliases: { 'ann@example.com': ['ann@example.com', 'bob@example.com'] } })
    await die(setup, HOUR_MS - 60_000)
    expect(await codes(t, postfix, 'ann@example.com', 'missed')).toEqual(ACCEPTED)
    expect(await sink.recipientsOf('missed', 1)).toEqual(['ann@example.com'])
    clock.jump(60_000)
    expect(await codes(t, postfix, 'ann@example.com', 'over')).toEqual(WAITS)
  })

  test('a mailbox deleted and made an alias since both lookups is taken and bounces', async (t) => {
    const gone = (address: string) => setup !== undefined && isGone && address === 'ann@example.com'
    let isGone = false
    let setup: OutageSetup | undefined
    const sink = await startLmtpSink(t, gone)
    setup = await start(t, { tables: USUAL(), sink })
    const { postfix } = setup
    expect(await codes(t, postfix, 'ann@example.com', 'before')).toEqual(ACCEPTED)
    await sink.recipientsOf('before', 1)
    isGone = true
    await dieWith(setup, {
      ...ENTRIES,
      mailboxes: { 'bob@example.com': 'bob/' },
      aliases: { 'ann@example.com': 'bob@example.com' },
    })
    expect(await codes(t, postfix, 'ann@example.com', 'bounces')).toEqual(ACCEPTED)
    await postfix.waitForLog(/to=<ann@example\.com>.* status=bounced/)
  })

  test('it waits where the mailbox table has a service of its own, which says that the mailbox is gone', async (t) => {
    const tables = changed(USUAL(), { mailboxes: { upstream: 'mailboxes' } })
    const setup = await start(t, { tables, ownService: 'mailboxes' })
    const { postfix, clock, service } = setup
    expect(await codes(t, postfix, 'ann@example.com', 'before')).toEqual(ACCEPTED)
    setup.serve({
      ...ENTRIES,
      mailboxes: { 'bob@example.com': 'bob/' },
      aliases: { 'ann@example.com': 'bob@example.com' },
    })
    await service.stop()
    clock.jump(HOUR_MS)
    expect(await codes(t, postfix, 'ann@example.com', 'first')).toEqual(WAITS)
    clock.jump(15_000)
    expect(await codes(t, postfix, 'ann@example.com', 'again')).toEqual(WAITS)
  })

  test('a transport made since the last lookup is missed: the mail goes the default way', async (t) => {
    const { domains, mailboxes, aliases, transport } = tablesOfResilience()
    const tables = { domains, mailboxes, aliases, transport } as PageTables
    const other = await startLmtpSink(t)
    const setup = await start(t, { tables })
    const { postfix, sink } = setup
    expect(await codes(t, postfix, 'ann@example.com', 'before')).toEqual(ACCEPTED)
    await sink.recipientsOf('before', 1)
    await dieWith(setup, {
      ...ENTRIES,
      transport: { 'ann@example.com': `lmtp:inet:127.0.0.1:${other.port}` },
    })
    expect(await codes(t, postfix, 'ann@example.com', 'missed')).toEqual(ACCEPTED)
    expect(await sink.recipientsOf('missed', 1)).toEqual(['ann@example.com'])
    expect(other.deliveries).toEqual([])
  })

  test('a copy ordered since the last lookup is lost, and the mail is not', async (t) => {
    const { domains, mailboxes, aliases, 'recipient-bcc': bcc } = tablesOfResilience()
    const tables = { domains, mailboxes, aliases, 'recipient-bcc': bcc } as PageTables
    const setup = await start(t, { tables })
    const { postfix, sink } = setup
    expect(await codes(t, postfix, 'ann@example.com', 'before')).toEqual(ACCEPTED)
    await dieWith(setup, { ...ENTRIES, 'recipient-bcc': { 'ann@example.com': 'bob@example.com' } })
    expect(await codes(t, postfix, 'ann@example.com', 'uncopied')).toEqual(ACCEPTED)
    await postfix.emptied()
    expect(await sink.recipientsOf('uncopied', 1)).toEqual(['ann@example.com'])
  })
})

describe('an older cache file', () => {
  beforeEach((context) => requirePostfix(context))

  test('brought back in an outage is believed by its own age: a forward that was in use already is missed', async (t) => {
    const folder = testDirectory()
    const setup = await start(t, { tables: USUAL(), folder })
    const { service, postfix, sink, clock, restart } = setup
    expect(await codes(t, postfix, 'ann@example.com', 'before')).toEqual(ACCEPTED)
    await sink.recipientsOf('before', 1)
    await restart(() => copyFileSync(join(folder, 'cache'), join(folder, 'backup')))
    setup.serve({ ...ENTRIES, aliases: { 'ann@example.com': 'bob@example.com' } })
    clock.jump(15_000)
    expect(await codes(t, postfix, 'ann@example.com', 'forwarded')).toEqual(ACCEPTED)
    expect(await sink.recipientsOf('forwarded', 1)).toEqual(['bob@example.com'])
    await service.stop()
    await restart(() => copyFileSync(join(folder, 'backup'), join(folder, 'cache')))
    clock.jump(15_000)
    expect(await codes(t, postfix, 'ann@example.com', 'missed')).toEqual(ACCEPTED)
    expect(await sink.recipientsOf('missed', 1)).toEqual(['ann@example.com'])
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  })
})

describe('where the rule is trusted with what it does not know', () => {
  beforeEach((context) => requirePostfix(context))

  test('a use that usedBy does not name: by an old "not found" of aliases somebody sends as an address that has an owner by now', async (t) => {
    const tables = USUAL()
    const auth = await startDovecotAuth(t)
    const setup = await start(t, {
      tables,
      mainCf: (map) => ({
        ...mainCfFor(tables, map),
        ...auth,
        smtpd_sender_login_maps: map('aliases'),
        smtpd_sender_restrictions: 'reject_sender_login_mismatch',
      }),
    })
    const { postfix, service, clock } = setup
    const sendAsAnn = async (subject: string) => {
      const { recipients } = await send(t, postfix, ['bob@example.com'], subject, 'ann@example.com')
      return recipients[0]?.code
    }
    expect(await sendAsAnn('without an owner')).toBe(250)
    await dieWith(setup, { ...ENTRIES, aliases: { 'ann@example.com': 'ann@example.com' } })
    expect(await sendAsAnn('let in')).toBe(250)
    // The owner would have been seen, had the service answered.
    await service.start()
    clock.jump(15_000)
    await until('the owner to be seen', async () => ((await sendAsAnn('refused')) === 553 ? true : undefined))
  })

  test('an alias-only domain in main.cf, and a proof table without a list of domains: an alias made meanwhile is refused', async (t) => {
    const all = tablesOfResilience()
    const mailboxes = { ...all.mailboxes, domains: undefined }
    const tables = { mailboxes, aliases: all.aliases } as unknown as PageTables
    const entries = { ...ENTRIES, mailboxes: { ...ENTRIES.mailboxes, 'x@example.org': 'x/' } }
    const setup = await start(t, {
      tables,
      entries,
      mainCf: (map) => ({
        ...mainCfFor(tables, map),
        virtual_mailbox_domains: 'example.com',
        virtual_alias_domains: 'example.org',
      }),
    })
    expect(await codes(t, setup.postfix, 'x@example.org', 'before')).toEqual([550, undefined])
    // Nothing waits for the proof.
    await until('the proof', async () => {
      const isAsked = setup.service.requests.some(({ url }) => url === '/v1/mailboxes/x%40example.org')
      return isAsked && setup.gateway().gateway.status().upstreams[0]?.inFlight === 0 ? true : undefined
    })
    await dieWith(setup, { ...entries, aliases: { 'x@example.org': 'ann@example.com' } })
    expect(await codes(t, setup.postfix, 'x@example.org', 'refused')).toEqual([550, undefined])
  })
})

describe('a set-up that breaks the rule makes mail wait and bounces nothing:', () => {
  beforeEach((context) => requirePostfix(context))

  const unbounced = async ({ postfix }: OutageSetup) => {
    await postfix.emptied()
    expect(await postfix.readLog()).not.toContain('status=bounced')
  }

  const WITH_ALIAS_DOMAIN = {
    ...ENTRIES,
    'alias-domains': { 'example.org': 'example.org' },
    mailboxes: { ...ENTRIES.mailboxes, 'x@example.org': 'x/' },
  }

  test('an alias-only domain whose address is in the proof table, with the domains in tables', async (t) => {
    const all = tablesOfResilience()
    const everywhere = { domains: ['example.com', 'example.net', 'example.org'] }
    const tables = {
      domains: all.domains,
      'alias-domains': all['alias-domains'],
      mailboxes: { ...all.mailboxes, ...everywhere },
      aliases: all.aliases,
    } as PageTables
    const setup = await start(t, { tables, entries: WITH_ALIAS_DOMAIN })
    expect(await codes(t, setup.postfix, 'x@example.org', 'before')).toEqual([550, undefined])
    await dieWith(setup, { ...WITH_ALIAS_DOMAIN, aliases: { 'x@example.org': 'ann@example.com' } })
    expect(await codes(t, setup.postfix, 'x@example.org', 'down')).toEqual(WAITS)
    await unbounced(setup)
  })

  test('an alias-only domain in main.cf that is not in the domains of the proof table', async (t) => {
    const all = tablesOfResilience()
    const tables = { domains: all.domains, mailboxes: all.mailboxes, aliases: all.aliases } as PageTables
    const setup = await start(t, {
      tables,
      entries: WITH_ALIAS_DOMAIN,
      mainCf: (map) => ({ ...mainCfFor(tables, map), virtual_alias_domains: 'example.org' }),
    })
    expect(await codes(t, setup.postfix, 'x@example.org', 'before')).toEqual([550, undefined])
    await dieWith(setup, { ...WITH_ALIAS_DOMAIN, aliases: { 'x@example.org': 'ann@example.com' } })
    expect(await codes(t, setup.postfix, 'x@example.org', 'down')).toEqual(WAITS)
    await unbounced(setup)
  })

  test('a proof table that also knows aliases', async (t) => {
    const sink = await startLmtpSink(t, (address) => address === 'new@example.com')
    // Its mailbox route is one for valid recipients: it says yes to aliases, too.
    const setup = await start(t, { tables: USUAL(), sink })
    const { postfix, clock } = setup
    expect(await codes(t, postfix, 'new@example.com', 'before')).toEqual([550, undefined])
    clock.jump(9_000)
    // One table forgets sooner than the other, so the alias is seen as a recipient and not as an alias.
    await setup
      .gateway()
      .gateway.tables.purge('mailboxes', { kind: 'key', key: Buffer.from('new@example.com') })
    setup.serve({
      ...ENTRIES,
      mailboxes: { ...ENTRIES.mailboxes, 'new@example.com': 'valid' },
      aliases: { 'new@example.com': 'ann@example.com' },
    })
    const found = await setup.gateway().gateway.lookup({
      protocol: 'socketmap',
      table: 'mailboxes',
      key: Buffer.from('new@example.com'),
    })
    expect(found.kind).toBe('found')
    await die(setup)
    expect(await codes(t, postfix, 'new@example.com', 'down')).toEqual(WAITS)
    await unbounced(setup)
  })

  test('a proof table in which everybody of a domain exists', async (t) => {
    const sink = await startLmtpSink(t, (address) => address === 'new@example.com')
    const everybody = { ...ENTRIES, mailboxes: { '@example.com': 'yes' } }
    const setup = await start(t, { tables: USUAL(), entries: everybody, sink })
    const { postfix } = setup
    expect(await codes(t, postfix, 'ann@example.com', 'before')).toEqual(ACCEPTED)
    // Asked as a recipient, and not sent: the backend would refuse it.
    const asked = ['aliases', 'mailboxes'].map((table) =>
      setup.gateway().gateway.lookup({ protocol: 'socketmap', table, key: Buffer.from('new@example.com') }),
    )
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(['notfound', 'found'])
    await dieWith(setup, { ...everybody, aliases: { 'new@example.com': 'ann@example.com' } })
    expect(await codes(t, postfix, 'new@example.com', 'down')).toEqual(WAITS)
    await unbounced(setup)
  })
})
