/**
 * What is said about mistakes in tables: whole lines, as they are printed.
 */
import { LISTENERS, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

testProblems('tables: times, cache and canaries', [
  [
    'a deadline that is shorter than one attempt',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    deadline: 1s`,
    [
      'warning: mapgate.yaml:8:15: tables.t.deadline: the deadline, 1s, is shorter than the timeout of upstream "d", 2s, so one slow attempt takes all the time; lower that timeout',
    ],
  ],
  [
    'minTtl above maxTtl',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    cache: { honorCacheControl: true, minTtl: 2h }`,
    ['mapgate.yaml:8:47: tables.t.cache.minTtl: minTtl, 2h, is above maxTtl, 1h; lower it or raise maxTtl'],
  ],
  [
    'maxTtl below minTtl',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    cache: { honorCacheControl: true, maxTtl: 5s }`,
    ['mapgate.yaml:8:47: tables.t.cache.maxTtl: minTtl, 10s, is above maxTtl, 5s; lower it or raise maxTtl'],
  ],
  [
    'bounds of a lifetime that nobody sets',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    cache: { minTtl: 1s, maxTtl: 2s }`,
    [
      'warning: mapgate.yaml:8:14: tables.t.cache.minTtl: has no effect without honorCacheControl: true',
      'warning: mapgate.yaml:8:26: tables.t.cache.maxTtl: has no effect without honorCacheControl: true',
    ],
  ],
  [
    'a cache with side effects',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    sideEffects: true
    cache: { ttl: 1s }`,
    [
      'warning: mapgate.yaml:9:5: tables.t.cache: has no effect with sideEffects: true, where nothing is stored; write cache: off',
    ],
  ],
  [
    'a canary, where the name of the upstream is the only mistake',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: direktory, request: { path: "/{key}" }, canary: { key: a } }`,
    ['mapgate.yaml:4:18: tables.t.upstream: there is no upstream "direktory"; there is d, s'],
  ],
  [
    'a canary that nobody is asked',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: s, canary: { key: a } }`,
    [
      'warning: mapgate.yaml:4:21: tables.t.canary: has no effect: no upstream of this table is asked over a network',
    ],
  ],
  [
    'no canary that is made up, whatever the domains are',
    `${LISTENERS}
upstreams: { d: { endpoints: ["http://a.example"] }, own: { entries: { "a.example": x } } }
tables:
  own: { upstream: own }
  t: { upstream: d, request: { path: "/{key}" }, domains: [example.com], canary: { key: canary@mapgate.invalid } }
  u: { upstream: d, request: { path: "/{key}" }, domains: { table: own }, canary: { key: a@invalid } }
  v: { upstream: d, request: { path: "/{key}" }, domains: { table: own }, canary: { key: a@notinvalid } }`,
    [
      'mapgate.yaml:7:50: tables.v.domains: the table "own" does not have the domain of the canary, "notinvalid": its keys are "not found" without asking; correct one of them',
    ],
  ],
  [
    'a canary outside the domains of its table',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: d, request: { path: "/{key}" }, domains: [exmaple.com], canary: { key: a@example.com } }`,
    [
      'mapgate.yaml:4:50: tables.t.domains: does not have the domain of the canary, "example.com": its keys are "not found" without asking; correct one of them',
    ],
  ],
  [
    'a canary without a domain, where a list of domains decides',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: d, request: { path: "/{key}" }, domains: [a.example], canary: { key: postmaster } }
  u: { upstream: d, request: { path: "/{key}" }, domains: [a.example], canary: { key: root }, search: address }
  v: { upstream: d, request: { path: "/{key}" }, domains: [a.example], canary: { key: root }, search: address, localDomains: [a.example] }
  w: { upstream: d, request: { path: "/{key}" }, domains: [a.example], canary: { key: "*" }, search: transport }`,
    [
      'warning: mapgate.yaml:4:87: tables.t.canary.key: "postmaster" has no domain, and where "domains" is set, keys without one are not asked: it proves nothing about the others; use a key in a domain of the list',
      'warning: mapgate.yaml:5:87: tables.u.canary.key: "root" has no domain, and where "domains" is set, keys without one are not asked: it proves nothing about the others; use a key in a domain of the list',
    ],
  ],
  [
    'a canary of the domain in another spelling',
    `${LISTENERS}
upstreams: { d: { endpoints: ["http://h.example"] }, own: { entries: { "bücher.example": x } } }
tables:
  domains: { upstream: own }
  t: { upstream: d, request: { path: "/{key}" }, domains: [bücher.example], canary: { key: "p@xn--bcher-kva.example." } }
  u: { upstream: d, request: { path: "/{key}" }, domains: { table: domains }, canary: { key: "p@xn--bcher-kva.example." } }`,
    [],
  ],
  [
    'no canary where a wrong "not found" bounces mail',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    usedBy: [sender_bcc_maps, virtual_alias_maps]
    recipientDelimiter: ""
    request: { path: "/{key}" }`,
    [
      'warning: mapgate.yaml:4:3: tables.t: has no canary: with virtual_alias_maps, a service that wrongly answers "not found" to everything bounces mail; add canary: { key: ... } with a key that always exists',
      'warning: mapgate.yaml:6:5: tables.t.usedBy: virtual_alias_maps puts the extension back on results, but this table does not; use two tables',
    ],
  ],
  [
    'no canary where nobody knows the use',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }`,
    [
      'warning: mapgate.yaml:4:3: tables.t: has no canary: if a parameter that rejects mail uses this table, a service that wrongly answers "not found" to everything bounces mail; add canary: { key: ... } with a key that always exists',
    ],
  ],
  [
    'no canary where "not found" does no harm is fine',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    usedBy: [check_recipient_access]
    request: { path: "/{key}" }`,
    [],
  ],
])
