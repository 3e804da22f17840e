/**
 * What `check` says about tables that Postfix writes.
 */
import { expect, test } from 'vitest'
import { problemsIn } from './problems.ts'

const SOCKET = 'listen: "unix:/var/spool/postfix/mapgate/proxymap"'
const PASS = 'pass: "unix:/var/spool/postfix/private/proxywrite"'

function file({ write = 'verify', table = '', other = '/s2', usedBy = 'address_verify_map' } = {}): string {
  return `listeners: [{ protocol: proxymap, ${SOCKET}, ${PASS}, write: [${write}] }]
upstreams:
  learned: { store: { directory: /s1 } }
  more: { store: { directory: "${other}" } }
  fixed: { entries: { a: b } }
tables:
  verify: { upstream: learned, usedBy: [${usedBy}]${table} }
  aliases: { upstream: fixed }
`
}

const cases: [sentence: string, text: string, expected: RegExp[]][] = [
  ['a store that is as it should be', file(), []],
  ...['address_verify_map', 'postscreen_cache_map'].map((parameter): [string, string, RegExp[]] => [
    `${parameter} of a table that asks no store`,
    file().replace('aliases: { upstream: fixed', `aliases: { upstream: fixed, usedBy: ${parameter}`),
    [
      new RegExp(
        `aliases\\.usedBy: ${parameter} is written by Postfix, which ends the daemon where it cannot; let the table ask a store: upstream: NAME, with NAME: \\{ store: \\{ directory: /var/lib/mapgate/store \\} \\} in "upstreams"$`,
      ),
    ],
  ]),
  [
    'two stores of one folder',
    file({ other: '/s1' }),
    Array(2).fill(/store\.directory: is the folder of another store, too; give each its own$/),
  ],
  [
    'a folder that cannot be used',
    file({ other: '/s9' }),
    [/more\.store\.directory: "\/s9": is no folder; choose another path$/],
  ],
  [
    'nothing of a folder that is not used, since the entries are shared',
    `${file({ other: '/s9' })}shared: { url: "redis://127.0.0.1" }\n`,
    Array(2).fill(/^warning: .*store\.directory: is not used/),
  ],
  [
    'a table that is written and asks something else as well',
    file({ table: '' }).replace('upstream: learned', 'upstream: [learned, fixed]'),
    [
      /tables\.verify\.upstream: has a store and another upstream; a table that is written has the store alone$/,
    ],
  ],
  [
    'a filter of a table that is written',
    file({ table: ', domains: [a.example]' }),
    [/tables\.verify\.domains: does not belong to a table that Postfix writes; remove it$/],
  ],
  [
    'a table that may be written and asks no store',
    file({ write: 'aliases' }),
    [/listeners\[0\]\.write\[0\]: "aliases" asks no store, so nobody can write it$/],
  ],
  [
    'a table that may be written and is not there',
    file({ write: 'verifi' }),
    [/listeners\[0\]\.write\[0\]: there is no table "verifi"; did you mean "verify"$/],
  ],
  [
    'entries that are shared, and a folder for them',
    `${file()}shared: { url: "redis://127.0.0.1" }\n`,
    Array(2).fill(
      /^warning: .*store\.directory: is not used: the entries are kept in the shared store; remove it, or keep them here with "shared: false" beside it$/,
    ),
  ],
  [
    'entries that are shared, without a folder',
    `${file().replace('directory: /s1', '').replace('directory: "/s2"', 'shared: true')}shared: { url: "redis://127.0.0.1" }\n`,
    [],
  ],
  [
    'two stores of one folder, one of them shared',
    `${file({ other: '/s1' }).replace('directory: /s1', 'directory: /s1, shared: false').replace('directory: "/s1"', 'shared: true')}shared: { url: "redis://127.0.0.1" }\n`,
    [],
  ],
  [
    'a store of no place',
    file().replace('directory: /s1', ''),
    [
      /learned\.store: has no "directory"; add a folder on this machine, or the section "shared" to keep the entries in a store of several gateways$/,
    ],
  ],
  [
    'a store that stays here, of no place',
    `${file().replace('directory: /s1', 'shared: false').replace('directory: "/s2"', '')}shared: { url: "redis://127.0.0.1" }\n`,
    [/learned\.store: has no "directory"; add a folder/],
  ],
  [
    'entries that are shared, and nothing to share them in',
    file().replace('directory: /s1', 'shared: true'),
    [/store\.shared: needs the section "shared", which says where that store is; add it$/],
  ],
  ...['smtpd', 'smtp', 'lmtp'].map((program): [string, string, RegExp[]] => [
    `the TLS sessions of ${program}`,
    file({ usedBy: `${program}_tls_session_cache_database` }),
    [
      /tables\.verify\.usedBy\[0\]: \w+_tls_session_cache_database cannot use a table of mapgate: its entries are keys of TLS sessions, which belong to one machine; use a file$/,
    ],
  ]),
]

for (const [sentence, text, expected] of cases) {
  test(`tells: ${sentence}`, async () => {
    const problems = await problemsIn(text, {
      lookAtPath: async () => 'folder',
      tryFolder: async (folder) => (folder === '/s9' ? 'is no folder; choose another path' : undefined),
    })
    expect(problems).toHaveLength(expected.length)
    for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern)
  })
}
