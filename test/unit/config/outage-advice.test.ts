import { expect, test } from 'vitest'
import type { TableConfig } from '../../../src/config/config.ts'
import { outageAdvice } from '../../../src/config/outage-advice.ts'

const TABLE = { usedBy: [], cache: {}, canary: { key: 'c' }, domains: { kind: 'list', domains: [] } }

const cases: [name: string, table: object, advice: readonly string[]][] = [
  [
    'no word about its use',
    {},
    ['usedBy: every main.cf parameter that uses the table; the rules for outages depend on it'],
  ],
  [
    'no store',
    { cache: undefined, usedBy: ['virtual_alias_maps'] },
    ['remove cache: off, since nothing is known of what is not stored'],
  ],
  ['side effects', { sideEffects: true }, ['nothing: with sideEffects: true no answer is stored']],
  [
    'aliases',
    { usedBy: ['virtual_alias_maps'] },
    [
      'cache.staleNotFound: { for: 1d, ifFoundIn: TABLE }, where TABLE is used by virtual_mailbox_maps or relay_recipient_maps or local_recipient_maps',
    ],
  ],
  ['aliases that have the rule', { usedBy: ['virtual_alias_maps'], cache: { staleNotFound: {} } }, []],
  [
    'a transport table without a canary',
    { usedBy: ['transport_maps'], canary: undefined },
    ['cache.staleNotFound: { for: 1h }, with a canary, if the default of Postfix may hold in an outage'],
  ],
  [
    'a deny list',
    { usedBy: ['check_sender_access'] },
    [
      'whenUnknown: notFound, if it is a deny list or a copy: then the check or copy is missed, and not the mail',
    ],
  ],
  ['a deny list that has the rule', { usedBy: ['check_sender_access'], whenUnknown: 'notFound' }, []],
  ['aliases that are logins, too', { usedBy: ['virtual_alias_maps', 'smtpd_sender_login_maps'] }, []],
  ['an unknown use', { usedBy: ['nosuch_maps'] }, []],
  [
    'mailboxes without domains',
    { usedBy: ['virtual_mailbox_maps'], domains: undefined },
    ['domains: the list of your domains, or the table that has them; nobody is asked about others then'],
  ],
]
for (const [name, table, advice] of cases) {
  test(`a table with ${name} is told what to write`, () => {
    expect(outageAdvice({ ...TABLE, ...table } as unknown as TableConfig)).toEqual(advice)
  })
}
