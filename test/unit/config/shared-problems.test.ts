/**
 * What is said about mistakes in `shared`: whole lines, as they are printed.
 */
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

const REST = `${LISTENERS}\n${UPSTREAMS}\n${TABLES}`

testProblems('shared', [
  [
    'nothing in it',
    `${REST}\nshared: {}`,
    [
      'mapgate.yaml:4:1: shared: does not say where the store is; add "url" for one server, "cluster" for nodes of a cluster, or "sentinel" for sentinels that know the primary',
    ],
  ],
  [
    'a server and a cluster',
    `${REST}\nshared: { url: "redis://a.example", cluster: ["redis://a.example"] }`,
    [
      'mapgate.yaml:4:1: shared: has "url" and "cluster", which are different stores; keep one: "url" for one server, "cluster" for nodes of a cluster, or "sentinel" for sentinels that know the primary',
    ],
  ],
  ['one node of a cluster', `${REST}\nshared: { cluster: ["redis://a.example"] }`, []],
  [
    'a cluster of none',
    `${REST}\nshared: { cluster: [] }`,
    ['mapgate.yaml:4:11: shared.cluster: is an empty list; name at least one'],
  ],
  [
    'a node at a unix socket, and one with a database',
    `${REST}\nshared: { cluster: ["unix:/run/a", "redis://a.example/1"] }`,
    [
      'mapgate.yaml:4:21: shared.cluster[0]: a unix socket leads to one server alone; write redis://HOST:PORT, or rediss://HOST:PORT (TLS)',
      'mapgate.yaml:4:36: shared.cluster[1]: a cluster, and servers behind sentinels, have database 0 alone; remove the number',
    ],
  ],
  [
    'nodes with and without TLS',
    `${REST}\nshared: { cluster: ["redis://a.example", "rediss://b.example"] }`,
    [
      'mapgate.yaml:4:11: shared.cluster: has addresses with and without TLS; write redis:// or rediss:// for all of them',
    ],
  ],
  [
    'sentinels without the name of what they watch',
    `${REST}\nshared: { sentinel: { servers: ["redis://a.example:26379"] } }`,
    ['mapgate.yaml:4:11: shared.sentinel: "name" is missing; add it'],
  ],
  [
    'a user of sentinels without a password, and a password in the clear',
    `${REST}\nshared: { sentinel: { name: m, servers: ["redis://a.example:26379"], username: u }, password: secret-text }`,
    [
      'mapgate.yaml:4:80: shared.sentinel.username: needs "password"; add it, from a file or a credential',
      'warning: mapgate.yaml:4:32: shared.sentinel.servers: the password and all answers go over the network as plain text; use rediss:// (TLS)',
    ],
  ],
  [
    'another kind of address',
    `${REST}\nshared: { url: "http://a.example" }`,
    [
      'mapgate.yaml:4:16: shared.url: is not an address of Valkey or Redis; write redis://HOST:6379, rediss://HOST:6379 (TLS) or unix:/PATH',
    ],
  ],
  [
    'a password in the address',
    `${REST}\nshared: { url: "redis://me:secret@a.example" }`,
    [
      'mapgate.yaml:4:16: shared.url: holds a user name or a password; write them as "username" and "password" beside it, where they are kept secret',
    ],
  ],
  [
    'a path behind the port',
    `${REST}\nshared: { url: "redis://a.example:6379/cache" }`,
    [
      'mapgate.yaml:4:16: shared.url: only the number of a database may follow the port, as in redis://HOST:6379/1; write redis://HOST:6379, rediss://HOST:6379 (TLS) or unix:/PATH',
    ],
  ],
  [
    'a relative socket',
    `${REST}\nshared: { url: "unix:redis.sock" }`,
    [
      'mapgate.yaml:4:16: shared.url: the path of the unix socket must be absolute; write redis://HOST:6379, rediss://HOST:6379 (TLS) or unix:/PATH',
    ],
  ],
  [
    'tls without rediss',
    `${REST}\nshared: { url: "redis://a.example", tls: { serverName: b.example } }`,
    [
      'mapgate.yaml:4:37: shared.tls: is only used with an address that begins with rediss://; change "url", or remove it',
    ],
  ],
  [
    'a user without a password',
    `${REST}\nshared: { url: "redis://127.0.0.1", username: me }`,
    ['mapgate.yaml:4:47: shared.username: needs "password"; add it, from a file or a credential'],
  ],
  [
    'a password in the clear',
    `${REST}\nshared: { url: "redis://a.example", password: secret-text }`,
    [
      'warning: mapgate.yaml:4:16: shared.url: the password and all answers go over the network as plain text; use rediss:// (TLS)',
    ],
  ],
  [
    'a prefix with a blank',
    `${REST}\nshared: { url: "redis://a.example", prefix: "a b" }`,
    [
      'mapgate.yaml:4:45: shared.prefix: "a b" does not fit, must be 1 to 64 letters, digits, ":", ".", "_" or "-"',
    ],
  ],
  [
    'a limit of nothing',
    `${REST}\nshared: { url: "redis://a.example", timeout: 4ms }`,
    ['mapgate.yaml:4:46: shared.timeout: 4ms is below the shortest timeout, 5ms; raise it'],
  ],
])
