/**
 * What is said about tables that ask another upstream beside their own: whole lines, as they are printed.
 */
import { LISTENERS } from './good-sections.ts'
import { testProblems } from './problems.ts'

const UPSTREAMS = `upstreams:
  old: { endpoints: ["http://a.example"] }
  new: { endpoints: ["http://b.example"] }
  fixed: { entries: { a: b } }
  written: { store: { directory: ./written } }`

const table = (text: string) => `${LISTENERS}
${UPSTREAMS}
tables:
  t: { ${text} }`

const ASKS = 'upstream: old, request: { path: "/{key}" }, canary: { key: a }'

testProblems('tables: shadow', [
  ['a name', table(`${ASKS}, shadow: new`), []],
  ['a name and a share', table(`${ASKS}, shadow: { upstream: new, share: 1 }`), []],
  ['the least share', table(`${ASKS}, shadow: { upstream: new, share: 0.001 }`), []],
  [
    'no share',
    table(`${ASKS}, shadow: { upstream: new, share: 0 }`),
    ['mapgate.yaml:8:104: tables.t.shadow.share: 0 is below the smallest share, 0.001; raise it'],
  ],
  [
    'more than all',
    table(`${ASKS}, shadow: { upstream: new, share: 1.1 }`),
    ['mapgate.yaml:8:104: tables.t.shadow.share: 1.1 is above the largest share, 1; lower it'],
  ],
  [
    'an unknown upstream',
    table(`${ASKS}, shadow: nwe`),
    ['mapgate.yaml:8:80: tables.t.shadow: there is no upstream "nwe"; did you mean "new"'],
  ],
  [
    'an unknown upstream with a share',
    table(`${ASKS}, shadow: { upstream: nwe, share: 1 }`),
    ['mapgate.yaml:8:92: tables.t.shadow.upstream: there is no upstream "nwe"; did you mean "new"'],
  ],
  [
    'its own upstream',
    table(`${ASKS}, shadow: old`),
    [
      'mapgate.yaml:8:80: tables.t.shadow: "old" is the table\'s own upstream; name the one to compare it with',
    ],
  ],
  [
    'one that Postfix writes',
    table(`${ASKS}, shadow: written`),
    [
      'mapgate.yaml:8:80: tables.t.shadow: "written" is a table that Postfix writes; name one that is only read',
    ],
  ],
  [
    'a table that asks no service',
    table('upstream: fixed, shadow: new'),
    [
      'mapgate.yaml:8:33: tables.t.shadow: has nothing to compare: no upstream of this table is asked over a network; remove it',
    ],
  ],
  [
    'a table that Postfix writes',
    table('upstream: written, shadow: new'),
    [
      'mapgate.yaml:8:35: tables.t.shadow: has nothing to compare: no upstream of this table is asked over a network; remove it',
    ],
  ],
  [
    'a table with side effects',
    table(`${ASKS}, sideEffects: true, cache: off, shadow: new`),
    [
      'mapgate.yaml:8:111: tables.t.shadow: cannot be used with sideEffects: true, where each lookup is one request; remove one',
    ],
  ],
  [
    'a table that is asked by attributes',
    table('upstream: old, request: { path: "/{attribute.client_address}" }, cache: off, shadow: new'),
    [
      'mapgate.yaml:8:93: tables.t.shadow: is for tables that are asked by keys, and this one is asked by attributes; remove it',
    ],
  ],
  [
    'a copy that answers alone',
    `${LISTENERS}
cacheFile: ./cache
${UPSTREAMS}
tables:
  t: { upstream: old, replica: { path: /list, every: 5m, authoritative: true }, canary: { key: a }, shadow: new }`,
    [
      'mapgate.yaml:9:109: tables.t.shadow: has nothing to compare with replica.authoritative: true, where no single key is asked for; remove one',
    ],
  ],
])
