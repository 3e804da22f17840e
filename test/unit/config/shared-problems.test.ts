/**
 * What is said about mistakes in `shared`: whole lines, as they are printed.
 */
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

const REST = `${LISTENERS}\n${UPSTREAMS}\n${TABLES}`

testProblems('shared', [
  ['nothing in it', `${REST}\nshared: {}`, ['mapgate.yaml:4:1: shared: "url" is missing; add it']],
  [
    'another kind of address',
    `${REST}\nshared: { url: "http://a.example" }`,
    [
      'mapgate.yaml:4:16: shared.url: is no address of Valkey or Redis; write redis://HOST:6379, rediss://HOST:6379 (TLS) or unix:/PATH',
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
