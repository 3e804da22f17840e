import { describe, expect, test } from 'vitest'
import { adviceLine, adviceSentence, outageAdvice } from '../../../src/config/outage-advice.ts'
import { parseConfig, SETTINGS_KINDS } from '../../../src/gateway/load-config.ts'

/** The advice about these tables, a line of YAML each; `s` is an HTTP service. */
async function advised(...tables: readonly string[]) {
  return advisedAt([], tables)
}

/** The same with more listeners. */
async function advisedAt(
  listeners: readonly string[],
  tables: readonly string[],
): Promise<readonly string[]> {
  const config = await parseConfig(
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:8464" }
${listeners.map((listener) => `  - ${listener}\n`).join('')}
upstreams: { s: { endpoints: ["http://127.0.0.1:8080"] } }
defaults: { table: { upstream: s, request: { path: "/{key}" } } }
tables:
${tables.map((table) => `  ${table}\n`).join('')}`,
    'mapgate.yaml',
  )
  return Array.from(config.tables.values()).flatMap((table) =>
    outageAdvice(table, config, SETTINGS_KINDS).map(
      ({ stops, write }) => `${table.name}: ${stops}: ${write}`,
    ),
  )
}

const MAILBOXES = 'mailboxes: { usedBy: virtual_mailbox_maps }'

describe('what an outage stops', () => {
  test('names the rule and the proof for an alias table', async () => {
    expect(
      await advised(
        'aliases: { usedBy: virtual_alias_maps, canary: { key: a@b.example }, domains: [b.example] }',
        MAILBOXES,
      ),
    ).toEqual([
      'aliases: mail to mailboxes that have no alias: cache.staleNotFound: { for: 1d, ifFoundIn: mailboxes }',
    ])
  })

  test('says what is needed besides, where there is no canary and no proof', async () => {
    expect(await advised('aliases: { usedBy: virtual_alias_maps, domains: [b.example] }')).toEqual([
      'aliases: mail to mailboxes that have no alias: a table with usedBy: virtual_mailbox_maps or relay_recipient_maps or local_recipient_maps, and canary: { key: ... } and cache.staleNotFound: { for: 1d, ifFoundIn: it }',
    ])
  })

  test('names domains where strangers are asked about', async () => {
    expect(await advised('domains: { usedBy: virtual_mailbox_domains }')).toEqual([
      "domains: mail for which Postfix asks this table about other people's domains: domains: your own domains",
    ])
    expect(await advised('domains: { usedBy: virtual_mailbox_domains, domains: [b.example] }')).toEqual([])
  })

  test("names the operator's word for transports, copies and deny lists", async () => {
    expect(
      await advised(
        't: { usedBy: transport_maps, domains: [b.example], canary: { key: b.example } }',
        'c: { usedBy: sender_bcc_maps, domains: [b.example], canary: { key: a@b.example } }',
        'd: { usedBy: check_sender_access }',
        'e: { usedBy: check_sender_access, canary: { key: b.example } }',
      ),
    ).toEqual([
      't: mail without a transport of its own: cache.staleNotFound: { for: 1h }, if the default is right for them',
      'c: mail from senders that is not copied: cache.staleNotFound: { for: 1h }, if the default is right for them; or whenUnknown: notFound',
      'd: mail that is on no list: canary: { key: ... } and whenUnknown: notFound, if who is not on it may pass unchecked',
      'e: mail that is on no list: whenUnknown: notFound, if who is not on it may pass unchecked',
    ])
  })

  test('has nothing to say of a table that is here as a whole, unless it may not call anything "not found"', async () => {
    const table = (more: string): string =>
      `aliases: { usedBy: virtual_alias_maps, canary: { key: a@b.example }, domains: [b.example], replica: { path: /all, directory: /r${more} } }`
    expect(await advised(table(''))).toEqual([])
    expect(await advised(table(', notFoundFor: 0ms'), MAILBOXES)).toEqual([
      'aliases: mail to mailboxes that have no alias: cache.staleNotFound: { for: 1d, ifFoundIn: mailboxes }',
    ])
  })

  test('has nothing to write where mail has to wait', async () => {
    expect(await advised('logins: { usedBy: smtpd_sender_login_maps, domains: [b.example] }')).toEqual([
      'logins: mail from addresses whose owner was not asked for before: undefined',
    ])
    expect(await advised('t: { usedBy: check_sender_access, sideEffects: true }')).toEqual([
      't: all mail that asks it: undefined',
    ])
  })

  test('says that nothing is kept, and that nobody knows what a table is for', async () => {
    expect(await advised('m: { usedBy: virtual_mailbox_maps, cache: off }')).toEqual([
      'm: all mail that asks it: no cache: off',
    ])
    expect(await advised('m: { usedBy: virtual_mailbox_maps, cache: { staleIfError: 0s } }')).toEqual([
      'm: what was found before: cache.staleIfError: 1d',
    ])
    expect(await advised('t: {}')).toEqual([
      't: what Postfix asks here: usedBy: the main.cf parameter that uses it, to learn what could flow',
    ])
  })

  test('does not tell Sendmail people to write usedBy', async () => {
    const config = await parseConfig(
      `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:8464", client: sendmail, tables: [virtuser, both] }
  - { protocol: socketmap, listen: "inet:127.0.0.1:8465", tables: [both] }
upstreams: { s: { endpoints: ["http://127.0.0.1:8080"] } }
defaults: { table: { upstream: s, request: { path: "/{key}" } } }
tables: { virtuser: {}, both: {} }`,
      'mapgate.yaml',
    )
    const lines = Array.from(config.tables.values()).flatMap((table) =>
      outageAdvice(table, config, SETTINGS_KINDS).map((advice) => adviceLine(table.name, advice)),
    )
    expect(lines).toEqual([
      'in an outage, tables.virtuser: what Sendmail asks here waits, and has to (docs/resilience.md)',
      'in an outage, tables.both: what Postfix asks here waits, unless you write usedBy: the main.cf parameter that uses it, to learn what could flow',
    ])
  })

  test('names the word of a policy table, and none for logins', async () => {
    const request = 'request: { method: POST, path: /p, json: "{attributes}" }'
    expect(
      await advisedAt(
        [
          '{ protocol: policy, listen: "inet:127.0.0.1:1", table: greylist }',
          '{ protocol: policy, listen: "inet:127.0.0.1:2", table: quota }',
          '{ protocol: policy, listen: "inet:127.0.0.1:3", table: spam }',
          '{ protocol: sasl, listen: "inet:127.0.0.1:4", table: logins }',
        ],
        [
          `greylist: { ${request} }`,
          `quota: { ${request}, canary: { attributes: { sender: a@b.example } }, whenUnknown: DEFER_IF_PERMIT, sideEffects: true }`,
          `spam: { ${request}, whenUnknown: DUNNO }`,
          'logins: { request: { method: POST, path: /l, json: { u: "{attribute.user}", p: "{attribute.password}" } }, response: { user: $.user } }',
        ],
      ),
    ).toEqual([
      'greylist: mail that this policy decides about: canary: { attributes: ... } and whenUnknown: DUNNO, if it may pass unchecked',
      'quota: mail that this policy decides about: whenUnknown: DUNNO, if it may pass unchecked',
      'logins: every login: undefined',
    ])
  })

  test('is silent about tables that have their rules', async () => {
    expect(
      await advised(
        'mailboxes: { usedBy: virtual_mailbox_maps, domains: [b.example] }',
        'aliases: { usedBy: virtual_alias_maps, domains: [b.example], canary: { key: a@b.example }, cache: { staleNotFound: { ifFoundIn: mailboxes } } }',
        't: { usedBy: transport_maps, domains: [b.example], canary: { key: b.example }, cache: { staleNotFound: { for: 1h } } }',
        'd: { usedBy: check_sender_access, whenUnknown: notFound }',
      ),
    ).toEqual([])
  })
})

describe('a proof table that may hold for domains of virtual_alias_domains in main.cf', () => {
  const ALIASES =
    'aliases: { usedBy: virtual_alias_maps, domains: [b.example], canary: { key: a@b.example }, cache: { staleNotFound: { ifFoundIn: mailboxes } } }'

  test('is told to list its own domains', async () => {
    expect(await advised(MAILBOXES, ALIASES)).toEqual([
      'mailboxes: an address made an alias meanwhile, in a domain of virtual_alias_domains in main.cf,: domains: your mailbox domains',
    ])
  })

  test('is not, where a table knows the domains, or it is nobody’s proof', async () => {
    expect(
      await advised(MAILBOXES, ALIASES, 'domains: { usedBy: virtual_mailbox_domains, domains: [b.example] }'),
    ).toEqual([])
    expect(await advised(MAILBOXES)).toEqual([])
  })
})

describe('the advice as one sentence', () => {
  test('says what is refused for good without it', () => {
    const advice = { stops: 'an address', write: 'domains: [b.example]', isRefused: true } as const
    expect([adviceSentence(advice), adviceLine('mailboxes', advice)]).toEqual([
      'domains: [b.example], else an address gets 550',
      'in an outage, tables.mailboxes: an address gets 550, unless you write domains: [b.example]',
    ])
  })

  test('names what to write, and what waits without it', () => {
    expect(adviceSentence({ stops: 'all mail that asks it', write: 'no cache: off' })).toBe(
      'no cache: off, else all mail that asks it waits',
    )
  })

  test('says that there is nothing to write where mail has to wait', () => {
    expect(adviceSentence({ stops: 'all mail that asks it' })).toBe(
      'nothing: all mail that asks it has to wait (docs/resilience.md)',
    )
  })
})

test('a table that asks nothing over the network needs no advice', async () => {
  const config = await parseConfig(
    `listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:8464" }]
upstreams: { s: { entries: { a@b.example: c@b.example } } }
tables: { aliases: { upstream: s, usedBy: virtual_alias_maps } }`,
    'mapgate.yaml',
  )
  const aliases = config.tables.get('aliases')
  expect(aliases && outageAdvice(aliases, config, SETTINGS_KINDS)).toEqual([])
})
