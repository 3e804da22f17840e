/**
 * What is said about mistakes in tables: whole lines, as they are printed.
 */
import { describe, expect, test } from 'vitest'
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { problemsIn } from './problems.ts'

describe('problems: tables', () => {
  const cases: [name: string, yaml: string, expected: string[]][] = [
    [
      'no upstream',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t: { request: { path: "/{key}" } }`,
      ['mapgate.yaml:4:3: tables.t: "upstream" is missing; add the name of an upstream, or a list of names'],
    ],
    [
      'a mark that demands nothing, and statuses that say nothing about a key',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: d, request: { path: "/{key}" }, canary: { key: a }, response: { found: [206], notFound: [304], notFoundMark: {} } }`,
      [
        'mapgate.yaml:4:90: tables.t.response.found[0]: 206 is a part of a reply: it says nothing about a key; remove it',
        'mapgate.yaml:4:107: tables.t.response.notFound[0]: 304 is an answer to a condition, and has no body: it says nothing about a key; remove it',
        'mapgate.yaml:4:113: tables.t.response.notFoundMark: demands nothing; name a contentType, a header or a jsonPath',
      ],
    ],
    [
      'an unknown upstream',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: [s, dd] }`,
      ['mapgate.yaml:4:22: tables.t.upstream[1]: there is no upstream "dd"; did you mean "d"'],
    ],
    [
      'an upstream that stands twice',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: [s, s] }`,
      ['mapgate.yaml:4:22: tables.t.upstream[1]: "s" stands in the list twice; remove one'],
    ],
    [
      'an HTTP upstream without a request',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }`,
      [
        'mapgate.yaml:4:3: tables.t: "request.path" is missing, and upstream "d" is an HTTP service; add it, such as /t/{key}',
      ],
    ],
    [
      'an HTTP upstream without a path',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { query: { q: "{key}" } }`,
      [
        'mapgate.yaml:7:5: tables.t.request: "request.path" is missing, and upstream "d" is an HTTP service; add it, such as /t/{key}',
      ],
    ],
    [
      'a path that is none',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { path: "x?{key}" }`,
      [
        'mapgate.yaml:7:22: tables.t.request.path: "x?{key}" does not fit, must be a path that begins with / and holds no ?, # or space',
      ],
    ],
    [
      'a placeholder that is not known, with a near one',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { path: "/{kye}" }`,
      ['mapgate.yaml:7:22: tables.t.request.path: unknown placeholder {kye}; did you mean {key}'],
    ],
    [
      'a placeholder that is not known, without a near one',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { path: "/{zzzzzzz}" }`,
      [
        'mapgate.yaml:7:22: tables.t.request.path: unknown placeholder {zzzzzzz}; known are {key} {user} {domain} {domain1}..{domain9} {table}',
      ],
    ],
    [
      'braces that do not fit',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { path: "/{key}", query: { q: "{" }, headers: { x: "}" } }`,
      [
        'mapgate.yaml:7:44: tables.t.request.query.q: "{" without "}" behind it; write "{{" for the character itself',
        'mapgate.yaml:7:65: tables.t.request.headers.x: "}" without "{" before it; write "}}" for the character itself',
      ],
    ],
    [
      'templates within JSON',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { method: POST, path: "/", json: { a: [1, "{kay}"] } }`,
      ['mapgate.yaml:7:56: tables.t.request.json.a[1]: unknown placeholder {kay}; did you mean {key}'],
    ],
    [
      'a request without the key',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { path: "/{table}" }`,
      [
        'warning: mapgate.yaml:7:5: tables.t.request: uses no part of the key, so every key gets the same answer; write {key} where it belongs',
      ],
    ],
    [
      'a body with GET',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { path: "/{key}", json: {} }`,
      ['mapgate.yaml:7:32: tables.t.request: "json" needs method: POST; a GET has no body'],
    ],
    [
      'two bodies',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { method: POST, path: "/{key}", json: {}, form: {} }`,
      [
        'mapgate.yaml:7:56: tables.t.request: "json" and "form" are both given, and a request has one body; remove one',
      ],
    ],
    [
      'a header of a request that is none',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    canary: { key: a }
    request: { path: "/{key}", headers: { connection: close } }`,
      [
        'mapgate.yaml:7:43: tables.t.request.headers.connection: is a header that mapgate sets itself; remove it',
      ],
    ],
    [
      'maps in defaults that stay without what they need',
      `${LISTENERS}
${UPSTREAMS}
tables: { t: { upstream: s }, u: { upstream: s, canary: { key: a } } }
defaults: { table: { domains: {}, canary: { every: 1m } } }`,
      [
        'mapgate.yaml:4:22: defaults.table.domains: "table" is missing; add it',
        'mapgate.yaml:4:35: defaults.table.canary: "key" is missing; add it',
        'warning: mapgate.yaml:3:49: tables.u.canary: has no effect: no upstream of this table is an HTTP service',
        'warning: mapgate.yaml:4:35: defaults.table.canary: has no effect: no upstream of this table is an HTTP service',
      ],
    ],
    [
      'a JSONPath that is none',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    response: { value: goto, error: x }`,
      [
        "mapgate.yaml:8:24: tables.t.response.value: is no JSONPath (RFC 9535): expected '$', found 'g' ('goto':0)",
        "mapgate.yaml:8:37: tables.t.response.error: is no JSONPath (RFC 9535): expected '$', found 'x' ('x':0)",
      ],
    ],
    [
      'a format with an unknown placeholder',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    response: { format: "{vlue}" }`,
      ['mapgate.yaml:8:25: tables.t.response.format: unknown placeholder {vlue}; did you mean {value}'],
    ],
    [
      'a status with two meanings',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    response: { found: [200, 404] }`,
      [
        'mapgate.yaml:8:5: tables.t.response.notFound[1]: 404 is in "found" too; a status can mean one thing only',
      ],
    ],
    [
      'a batch without keys',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    batch: { path: /b }`,
      [
        'mapgate.yaml:8:5: tables.t.batch: sends no keys; write "{keys}" as a value of "json", "query" or "form"',
      ],
    ],
    [
      'a batch with a placeholder of one key',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    batch: { path: "/b/{key}", json: { keys: "{keys}" } }`,
      ['mapgate.yaml:8:20: tables.t.batch.path: unknown placeholder {key}; known are {table}'],
    ],
    [
      'a batch with keys inside a text',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    batch: { path: /b, json: "{keys}", headers: { x: "{keys}" } }`,
      ['mapgate.yaml:8:54: tables.t.batch.headers.x: unknown placeholder {keys}; known are {table}'],
    ],
    [
      'a batch with side effects',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    sideEffects: true
    batch: { path: /b, json: ["{keys}"] }`,
      [
        'mapgate.yaml:9:5: tables.t.batch: cannot be used with sideEffects: true, where each lookup is one request; remove one',
      ],
    ],
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
      [
        'mapgate.yaml:8:47: tables.t.cache.maxTtl: minTtl, 10s, is above maxTtl, 5s; lower it or raise maxTtl',
      ],
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
        'warning: mapgate.yaml:4:21: tables.t.canary: has no effect: no upstream of this table is an HTTP service',
      ],
    ],
    [
      'domains that are none',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    domains: ["*.example", "a@b.example", "@c.example", "a b"]`,
      [
        'mapgate.yaml:8:15: tables.t.domains[0]: "*.example" is no domain; write example.com, or .example.com for its subdomains',
        'mapgate.yaml:8:28: tables.t.domains[1]: "a@b.example" is no domain; write example.com, or .example.com for its subdomains',
        'mapgate.yaml:8:43: tables.t.domains[2]: "@c.example" is no domain; write example.com, or .example.com for its subdomains',
        'mapgate.yaml:8:57: tables.t.domains[3]: "a b" is no domain; write example.com, or .example.com for its subdomains',
      ],
    ],
    [
      'domains that no key can have',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: s
    domains: ["a..example", ".", "192.0.2.1", "::1", "a.example:25", "-a.example", "a.example,"]`,
      [
        'mapgate.yaml:6:15: tables.t.domains[0]: "a..example" is no domain; write example.com, or .example.com for its subdomains',
        'mapgate.yaml:6:29: tables.t.domains[1]: "." is no domain; write example.com, or .example.com for its subdomains',
        'mapgate.yaml:6:34: tables.t.domains[2]: "192.0.2.1" is an address, and keys that are addresses are always asked; remove it',
        'mapgate.yaml:6:47: tables.t.domains[3]: "::1" is an address, and keys that are addresses are always asked; remove it',
        'mapgate.yaml:6:54: tables.t.domains[4]: "a.example:25" is no domain; write example.com, or .example.com for its subdomains',
        'mapgate.yaml:6:70: tables.t.domains[5]: "-a.example" is no domain; write example.com, or .example.com for its subdomains',
        'mapgate.yaml:6:84: tables.t.domains[6]: "a.example," is no domain; write example.com, or .example.com for its subdomains',
      ],
    ],
    [
      'an empty list of domains, which makes every key "not found"',
      `${LISTENERS}
${UPSTREAMS}
tables: { t: { upstream: s, domains: [] } }`,
      ['mapgate.yaml:3:29: tables.t.domains: is an empty list; name at least one'],
    ],
    [
      'a canary outside the domains of its table',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: d, request: { path: "/{key}" }, domains: [exmaple.com], canary: { key: a@example.com } }`,
      [
        'mapgate.yaml:4:50: tables.t.domains: has not the domain of the canary, "example.com": its keys are "not found" without asking; correct one of them',
      ],
    ],
    [
      'an unknown table as domains filter',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    domains: { table: zz }`,
      ['mapgate.yaml:8:23: tables.t.domains.table: there is no table "zz"; there is t'],
    ],
    [
      'a table that filters itself',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    domains: { table: t }`,
      ['mapgate.yaml:8:23: tables.t.domains.table: goes in a circle: t asks t; let one of them use a list'],
    ],
    [
      'filters in a circle, told at each table in it',
      `${LISTENERS}
${UPSTREAMS}
tables:
  a: { upstream: s, domains: { table: b } }
  b: { upstream: s, domains: { table: c } }
  c: { upstream: s, domains: { table: b } }`,
      [
        'mapgate.yaml:5:39: tables.b.domains.table: goes in a circle: b asks c asks b; let one of them use a list',
        'mapgate.yaml:6:39: tables.c.domains.table: goes in a circle: c asks b asks c; let one of them use a list',
      ],
    ],
    [
      'settings of the search without effect',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    searchParallel: true
    recipientDelimiter: "+"
    localDomains: [a.example]
    parentDomainMatchesSubdomains: true
    propagateExtension: true`,
      [
        'warning: mapgate.yaml:8:5: tables.t.searchParallel: has no effect with search: exact',
        'warning: mapgate.yaml:9:5: tables.t.recipientDelimiter: has no effect with search: exact',
        'warning: mapgate.yaml:10:5: tables.t.localDomains: has no effect with search: exact',
        'warning: mapgate.yaml:11:5: tables.t.parentDomainMatchesSubdomains: has no effect with search: exact',
        'warning: mapgate.yaml:12:5: tables.t.propagateExtension: has no effect without search: address and a recipientDelimiter',
      ],
    ],
    [
      'local domains that are none',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    search: address
    localDomains: ["@a.example", ".b.example"]`,
      [
        'mapgate.yaml:9:20: tables.t.localDomains[0]: is no domain; write it as in example.com',
        'mapgate.yaml:9:34: tables.t.localDomains[1]: is no domain; write it as in example.com',
      ],
    ],
    [
      'a setting of the search in defaults is no mistake for the tables that it does not fit',
      `${LISTENERS}
${UPSTREAMS}
${TABLES}
defaults: { table: { recipientDelimiter: "+" } }`,
      [],
    ],
    [
      'a parameter that is not known',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: [virtual_alias_map, zzzzzzzzz]`,
      [
        'warning: mapgate.yaml:8:14: tables.t.usedBy[0]: "virtual_alias_map" is no parameter that mapgate knows; did you mean "virtual_alias_maps"',
        'warning: mapgate.yaml:8:33: tables.t.usedBy[1]: "zzzzzzzzz" is no parameter that mapgate knows; set "search" and "propagateExtension" yourself',
      ],
    ],
    [
      'a parameter that refuses these tables',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: alias_maps`,
      [
        'warning: mapgate.yaml:8:13: tables.t.usedBy: alias_maps cannot use this table: local(8) refuses socketmap and tcp tables',
      ],
    ],
    [
      'a search that does not fit',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: transport_maps
    search: exact`,
      [
        'warning: mapgate.yaml:9:13: tables.t.search: transport_maps searches as "transport", but this table as "exact"; change it or leave it out',
      ],
    ],
    [
      'two parameters that search differently',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: [relocated_maps, transport_maps]`,
      [
        'warning: mapgate.yaml:8:5: tables.t.usedBy: transport_maps searches as "transport", but this table as "address"; use two tables',
      ],
    ],
    [
      'an extension that would not be put back',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: virtual_alias_maps
    propagateExtension: false`,
      [
        'warning: mapgate.yaml:9:25: tables.t.propagateExtension: virtual_alias_maps puts the extension back on results, but this table does not; change it or leave it out',
      ],
    ],
    [
      'two parameters of which one puts the extension back',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: [virtual_alias_maps, relocated_maps]`,
      [
        'warning: mapgate.yaml:8:5: tables.t.usedBy: relocated_maps does not put the extension back on results, but this table does; use two tables',
      ],
    ],
    [
      'no canary where a wrong "not found" bounces mail',
      `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    usedBy: [sender_bcc_maps, virtual_alias_maps]
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
    [
      'the hash of keys without its key',
      `${LISTENERS}
${UPSTREAMS}
${TABLES}
log: { keys: hash }`,
      [
        'mapgate.yaml:4:14: log.keys: hash needs "hashKey", a secret text; add it, so that nobody can guess the addresses',
      ],
    ],
  ]

  for (const [name, yaml, expected] of cases) {
    test(`tells: ${name}`, async () => {
      expect(await problemsIn(yaml)).toEqual(expected)
    })
  }
})
