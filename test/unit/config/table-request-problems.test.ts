/**
 * What is said about mistakes in tables: whole lines, as they are printed.
 */
import { LISTENERS, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

testProblems('tables: requests, responses and batches', [
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
    'a canary that fits into no request',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: d, request: { path: "/d/{domain}/u/{user}" }, canary: { key: postmaster } }
  u: { upstream: d, request: { path: "/{key}" }, canary: { key: example.com/members } }
  v: { upstream: d, request: { path: "/x", query: { q: "{key}" } }, canary: { key: example.com/members } }`,
    [
      'mapgate.yaml:4:79: tables.t.canary.key: "postmaster" cannot be asked: the key lacks a part that request.path needs; name a key that fits into the request',
      'mapgate.yaml:5:65: tables.u.canary.key: "example.com/members" cannot be asked: the key has a "/" or "\\" outside of a local part, which a proxy may read as another path; name a key that fits into the request',
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
    ['mapgate.yaml:4:22: tables.t.upstream[1]: "s" is in the list twice; remove one'],
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
      'mapgate.yaml:7:22: tables.t.request.path: unknown placeholder {zzzzzzz}; known are {key} {user} {domain} {domain1}..{domain9} {table} {attribute.NAME}',
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
      'warning: mapgate.yaml:3:49: tables.u.canary: has no effect: no upstream of this table is asked over a network',
      'warning: mapgate.yaml:4:35: defaults.table.canary: has no effect: no upstream of this table is asked over a network',
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
      "mapgate.yaml:8:24: tables.t.response.value: is not a JSONPath (RFC 9535): expected '$', found 'g' ('goto':0)",
      "mapgate.yaml:8:37: tables.t.response.error: is not a JSONPath (RFC 9535): expected '$', found 'x' ('x':0)",
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
])
