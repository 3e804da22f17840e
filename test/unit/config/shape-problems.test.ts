/**
 * What is said about mistakes in shapes: whole lines, as they are printed.
 */
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

testProblems('shapes', [
  [
    'an unknown key with a near one',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cachefile: x`,
    ['mapgate.yaml:4:1: unknown key "cachefile"; did you mean "cacheFile"'],
  ],
  [
    'an unknown key without a near one lists all',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
stop: { zzzzzz: 1 }`,
    ['mapgate.yaml:4:9: stop: unknown key "zzzzzz"; known here: drainFor'],
  ],
  [
    'a key that is missing',
    `listeners:
  - listen: inet:127.0.0.1:8464
${UPSTREAMS}
${TABLES}`,
    ['mapgate.yaml:2:5: listeners[0]: "protocol" is missing; add it'],
  ],
  [
    'an empty section',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
log:`,
    ['mapgate.yaml:4:5: log: is empty, must be a map of keys and values'],
  ],
  [
    'a list where a map belongs',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
stop: [1]`,
    ['mapgate.yaml:4:1: stop: is a list, must be a map of keys and values'],
  ],
  [
    'a map where text belongs',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: { a: b }`,
    ['mapgate.yaml:4:1: cacheFile: is a map, must be text'],
  ],
  [
    'a number where text belongs',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: 5`,
    ['mapgate.yaml:4:12: cacheFile: is a number, must be text: quote it, as in "5"'],
  ],
  [
    'a yes/no value where text belongs',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: true`,
    ['mapgate.yaml:4:12: cacheFile: is true (a yes/no value), must be text: quote it, as in "true"'],
  ],
  [
    'text where a whole number belongs',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"], attempts: two }
${TABLES}`,
    ['mapgate.yaml:3:51: upstreams.d.attempts: is text, must be a whole number'],
  ],
  [
    'a broken number where a whole one belongs',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"], attempts: 1.5 }
${TABLES}`,
    ['mapgate.yaml:3:51: upstreams.d.attempts: is a number, must be a whole number'],
  ],
  [
    'text where yes or no belongs',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    foldCase: "yes"`,
    ['mapgate.yaml:8:15: tables.t.foldCase: is text, must be true or false'],
  ],
  [
    'a bare number as a duration',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
stop: { drainFor: 5 }`,
    ['mapgate.yaml:4:19: stop.drainFor: is a number, must be a duration with a unit, such as 5s'],
  ],
  [
    'a duration with an unknown unit',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
stop: { drainFor: 5 minutes }`,
    [
      'mapgate.yaml:4:19: stop.drainFor: "5 minutes" is not a duration; write a number and a unit (ms, s, m, h or d), such as 5s',
    ],
  ],
  [
    'a duration above its bound',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    deadline: 120s`,
    ['mapgate.yaml:8:15: tables.t.deadline: 120s is above the longest deadline, 90s; lower it'],
  ],
  [
    'a duration below its bound',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    deadline: 1ms`,
    ['mapgate.yaml:8:15: tables.t.deadline: 1ms is below the shortest deadline, 10ms; raise it'],
  ],
  [
    'a size with an unknown unit',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    cache: { maxBytes: 1MB }`,
    [
      'mapgate.yaml:8:24: tables.t.cache.maxBytes: "1MB" is not a size; write a number and a unit (B, KiB, MiB or GiB), such as 64KiB',
    ],
  ],
  [
    'a bare number as a size',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    cache: { maxBytes: 65536 }`,
    ['mapgate.yaml:8:24: tables.t.cache.maxBytes: is a number, must be a size with a unit, such as 65536B'],
  ],
  [
    'a size above its bound',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    cache: { maxBytes: 65GiB }`,
    ['mapgate.yaml:8:24: tables.t.cache.maxBytes: 65GiB is above the largest maxBytes, 64GiB; lower it'],
  ],
  [
    'a number below its bound',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"], attempts: 0 }
${TABLES}`,
    ['mapgate.yaml:3:51: upstreams.d.attempts: 0 is below the smallest attempts, 1; raise it'],
  ],
  [
    'a number above its bound',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    response: { found: [500] }`,
    ['mapgate.yaml:8:25: tables.t.response.found[0]: 500 is above the largest found, 499; lower it'],
  ],
  [
    'an unknown word with a near one',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
log: { level: warning }`,
    [
      'mapgate.yaml:4:15: log.level: "warning" is not known, must be trace, debug, info, warn, error or silent; did you mean "warn"',
    ],
  ],
  [
    'an unknown word without a near one',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
reload: 1s`,
    ['mapgate.yaml:4:9: reload: "1s" is not known, must be manual or watch'],
  ],
  [
    'an unquoted mode',
    `listeners:
  - { protocol: socketmap, listen: "unix:/run/x", mode: 0660 }
${UPSTREAMS}
${TABLES}`,
    ['mapgate.yaml:2:57: listeners[0].mode: is a number, must be quoted octal such as "0660"'],
  ],
  [
    'a mode that is not octal',
    `listeners:
  - { protocol: socketmap, listen: "unix:/run/x", mode: "0990" }
${UPSTREAMS}
${TABLES}`,
    ['mapgate.yaml:2:57: listeners[0].mode: "0990" does not fit, must be quoted octal such as "0660"'],
  ],
  [
    'an empty list',
    `${LISTENERS}
upstreams:
  d: { endpoints: [] }
${TABLES}`,
    ['mapgate.yaml:3:8: upstreams.d.endpoints: is an empty list; name at least one'],
  ],
  [
    'an empty text',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: ""`,
    ['mapgate.yaml:4:12: cacheFile: is empty, must be text'],
  ],
  [
    'a name that Postfix cannot write',
    `${LISTENERS}
${UPSTREAMS}
tables:
  "a:b": { upstream: s }`,
    [
      'mapgate.yaml:4:3: tables: "a:b" cannot be a name here; use letters, digits, ".", "_" and "-", a letter or digit first',
    ],
  ],
  [
    'a word for the cache other than off',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    cache: on`,
    ['mapgate.yaml:8:12: tables.t.cache: "on" is not known, must be off or a map of settings'],
  ],
  [
    'a number for domains',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    domains: 5`,
    ['mapgate.yaml:8:14: tables.t.domains: is a number, must be a list of domains or { table: NAME }'],
  ],
  [
    'a separator that is too long',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    response: { separator: "12345678901234567" }`,
    ['mapgate.yaml:8:28: tables.t.response.separator: is longer than 16 characters; shorten it'],
  ],
  [
    'a URL of tracing that is none',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
tracing: { otlp: collector }`,
    [
      'mapgate.yaml:4:18: tracing.otlp: "collector" does not fit, must be a URL that begins with http:// or https://',
    ],
  ],
  [
    'a wrong setting in defaults is reported there',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
defaults: { table: { deadline: 120s } }`,
    ['mapgate.yaml:4:32: defaults.table.deadline: 120s is above the longest deadline, 90s; lower it'],
  ],
  [
    'a wrong value of a secret place is not shown',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"], headers: { authorization: [topsecret] } }
${TABLES}`,
    ['mapgate.yaml:3:52: upstreams.d.headers.authorization: is a list, must be text'],
  ],
])
