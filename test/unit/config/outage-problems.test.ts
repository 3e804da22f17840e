/**
 * What is said about rules for outages where they would bounce mail or let somebody in.
 */
import { describe, expect, test } from 'vitest'
import { isExistenceTable, notFoundVerdict } from '../../../src/config/not-found-verdicts.ts'
import { POSTFIX_PARAMETERS } from '../../../src/config/postfix-parameters.ts'
import { LISTENERS, UPSTREAMS } from './good-sections.ts'
import { problemsIn } from './problems.ts'

/** Two tables: `t` as given, and `mailboxes`. */
const tables = (t: string, mailboxes = 'usedBy: virtual_mailbox_maps, ') => `${LISTENERS}
${UPSTREAMS}
defaults: { table: { upstream: d, recipientDelimiter: "", request: { path: "/{key}" }, canary: { key: a } } }
tables:
  mailboxes: { ${mailboxes}foldCase: true }
  t: { ${t} }`

const WITH_PROOF = 'cache: { staleNotFound: { ifFoundIn: mailboxes } }'
const BY_WORD = 'cache: { staleNotFound: { for: 1h } }'

describe('rules for outages', () => {
  const fine: [name: string, yaml: string][] = [
    ['aliases with the mailboxes as proof', `usedBy: virtual_alias_maps, ${WITH_PROOF}`],
    ['aliases and canonical names', `usedBy: [virtual_alias_maps, recipient_canonical_maps], ${WITH_PROOF}`],
    ['transports by the word of the operator', `usedBy: transport_maps, ${BY_WORD}`],
    ['moved mailboxes', `usedBy: relocated_maps, search: address, ${BY_WORD}`],
    ['a deny list', 'usedBy: check_sender_access, whenUnknown: notFound'],
    ['a copy', 'usedBy: [sender_bcc_maps, recipient_bcc_maps], whenUnknown: notFound'],
  ]
  for (const [name, yaml] of fine) {
    test(`are allowed for ${name}`, async () => {
      expect(await problemsIn(tables(yaml))).toEqual([])
    })
  }

  const at = 'mapgate.yaml:6:'
  const refused: [name: string, yaml: string, expected: RegExp][] = [
    [
      'a table whose use is not named',
      WITH_PROOF,
      /tables\.t\.cache\.staleNotFound\.ifFoundIn: needs usedBy, because .* depends on it/,
    ],
    [
      'the logins of senders',
      `usedBy: [virtual_alias_maps, smtpd_sender_login_maps], search: address, ${WITH_PROOF}`,
      /cannot be used with smtpd_sender_login_maps: by a wrong "not found" somebody sends in the name of another/,
    ],
    [
      'mailboxes',
      `usedBy: virtual_mailbox_maps, ${BY_WORD}`,
      /cannot be used with virtual_mailbox_maps: by a wrong "not found" Postfix rejects the recipient; remove it/,
    ],
    [
      'aliases without a proof',
      `usedBy: virtual_alias_maps, ${BY_WORD}`,
      /with virtual_alias_maps: .*; add ifFoundIn: the table that is used by virtual_mailbox_maps or relay_recipient_maps or local_recipient_maps/,
    ],
    ['an access table', `usedBy: check_client_access, ${BY_WORD}`, /a denied client is let in/],
    [
      'a parameter that nobody knows',
      `usedBy: my_maps, ${WITH_PROOF}`,
      /cannot be used with "my_maps": mapgate does not know what a wrong "not found" does there/,
    ],
    ['a table without a canary', `usedBy: virtual_alias_maps, canary: !!null, ${WITH_PROOF}`, /./],
    [
      'a proof that does not exist',
      'usedBy: virtual_alias_maps, cache: { staleNotFound: { ifFoundIn: mailboxs } }',
      /there is no table "mailboxs"; did you mean "mailboxes"/,
    ],
    [
      'a proof that is the table itself',
      'usedBy: virtual_alias_maps, cache: { staleNotFound: { ifFoundIn: t } }',
      /is the table itself/,
    ],
    [
      'whenUnknown for aliases',
      'usedBy: virtual_alias_maps, whenUnknown: notFound',
      /tables\.t\.whenUnknown: cannot be used with virtual_alias_maps: by a wrong "not found" Postfix rejects or bounces mail for an alias; remove it, or use a table of its own/,
    ],
    [
      'whenUnknown for a deny list and its logins',
      'usedBy: [check_sasl_access, smtp_sasl_password_maps], search: exact, whenUnknown: notFound',
      /cannot be used with smtp_sasl_password_maps/,
    ],
  ]
  for (const [name, yaml, expected] of refused) {
    test(`are refused for ${name}`, async () => {
      const problems = (await problemsIn(tables(yaml))).filter((line) => line.startsWith(at))
      expect(
        problems.some((line) => expected.test(line)),
        problems.join('\n'),
      ).toBe(true)
    })
  }

  test('are refused for a table without a canary', async () => {
    const yaml = tables(`usedBy: transport_maps, ${BY_WORD}`).replace(', canary: { key: a } }', ' }')
    expect((await problemsIn(yaml)).join('\n')).toMatch(
      /tables\.t\.cache\.staleNotFound: needs a canary: without one mapgate cannot tell that the service was healthy/,
    )
  })

  test('are refused for a proof of another kind, or one that stores nothing', async () => {
    const aliases = `usedBy: virtual_alias_maps, ${WITH_PROOF}`
    expect((await problemsIn(tables(aliases, 'usedBy: virtual_mailbox_domains, '))).join()).toMatch(
      /table "mailboxes" is no proof for virtual_alias_maps: its usedBy does not name virtual_mailbox_maps or/,
    )
    expect((await problemsIn(tables(aliases, 'usedBy: virtual_mailbox_maps, cache: off, '))).join()).toMatch(
      /table "mailboxes" stores nothing/,
    )
  })
})

describe('the verdicts about a wrong "not found"', () => {
  test('name every parameter that mapgate knows', () => {
    expect([...POSTFIX_PARAMETERS.keys()].filter((name) => notFoundVerdict(name) === undefined)).toEqual([])
    expect(notFoundVerdict('my_maps')).toBe(undefined)
  })

  test('have what was measured', () => {
    const by = (stale: string) =>
      [...POSTFIX_PARAMETERS.keys()].filter((name) => notFoundVerdict(name)?.stale === stale).sort()
    expect(by('harmless')).toEqual(['relocated_maps'])
    expect(by('operator')).toEqual([
      'recipient_bcc_maps',
      'sender_bcc_maps',
      'sender_dependent_default_transport_maps',
      'sender_dependent_relayhost_maps',
      'transport_maps',
    ])
    expect(by('proof')).toEqual([
      'canonical_maps',
      'mydestination',
      'recipient_canonical_maps',
      'sender_canonical_maps',
      'smtp_generic_maps',
      'virtual_alias_domains',
      'virtual_alias_maps',
      'virtual_mailbox_domains',
    ])
  })

  test('know the tables whose values Postfix ignores', () => {
    expect(isExistenceTable(['virtual_mailbox_maps', 'relay_domains'])).toBe(true)
    expect(isExistenceTable(['virtual_mailbox_maps', 'virtual_alias_maps'])).toBe(false)
    expect(isExistenceTable([])).toBe(false)
  })
})
