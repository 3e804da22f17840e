/**
 * What is said about mistakes in listeners and admin: whole lines, as they are printed.
 */
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

testProblems('listeners and admin', [
  [
    'a listener address that is none',
    `listeners:
  - protocol: socketmap
    listen: 127.0.0.1
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:3:13: listeners[0].listen: "127.0.0.1" is not an address: expected inet:HOST:PORT, inet:[IPV6]:PORT, unix:/PATH or systemd:NAME',
    ],
  ],
  [
    'a tcp_table listener without table',
    `listeners:
  - protocol: tcp_table
    listen: inet:127.0.0.1:8465
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:2:5: listeners[0]: "table" is missing: tcp_table has no table name, so one listener serves one table; add it',
    ],
  ],
  [
    'a tcp_table listener with tables',
    `listeners:
  - { protocol: tcp_table, listen: "inet:127.0.0.1:8465", table: t, tables: [t] }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:2:69: listeners[0]: "tables" belongs to socketmap, memcache or proxymap; a tcp_table listener has "table", one name',
    ],
  ],
  [
    'a tcp_table listener of an unknown table',
    `listeners:
  - { protocol: tcp_table, listen: "inet:127.0.0.1:8465", table: tt }
${UPSTREAMS}
${TABLES}`,
    ['mapgate.yaml:2:66: listeners[0].table: there is no table "tt"; did you mean "t"'],
  ],
  [
    'a socketmap listener with table',
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:8465", table: t }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:2:59: listeners[0]: "table" belongs to tcp_table, policy or sasl; a socketmap listener has "tables" and "client"',
    ],
  ],
  [
    'a socketmap listener of an unknown table',
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:8465", tables: [t, zzzz] }
${UPSTREAMS}
${TABLES}`,
    ['mapgate.yaml:2:71: listeners[0].tables[1]: there is no table "zzzz"; there is t'],
  ],
  [
    'two listeners on one address',
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:8464" }
  - { protocol: socketmap, listen: "inet:127.0.0.1:8464" }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:3:36: listeners[1].listen: "inet:127.0.0.1:8464" is the address of listeners[0] too; choose another',
    ],
  ],
  [
    'a listener on every address takes the port of all',
    `listeners:
  - { protocol: socketmap, listen: "inet:[::]:8464", allow: ["::/0"] }
  - { protocol: socketmap, listen: "inet:127.0.0.1:8464" }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:3:36: listeners[1].listen: "inet:127.0.0.1:8464" is the address of listeners[0] too; choose another',
    ],
  ],
  [
    'two listeners on one socket file',
    `listeners:
  - { protocol: socketmap, listen: "unix:/run/a" }
  - { protocol: socketmap, listen: "unix:/run/a" }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:3:36: listeners[1].listen: "unix:/run/a" is the address of listeners[0] too; choose another',
    ],
  ],
  [
    'two listeners on one systemd socket',
    `listeners:
  - { protocol: socketmap, listen: "systemd:a" }
  - { protocol: socketmap, listen: "systemd:a" }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:3:36: listeners[1].listen: "systemd:a" is the address of listeners[0] too; choose another',
    ],
  ],
  [
    'the admin API on the address of a listener',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
admin: { listen: "inet:127.0.0.1:8464" }`,
    [
      'mapgate.yaml:4:18: admin.listen: "inet:127.0.0.1:8464" is the address of listeners[0] too; choose another',
    ],
  ],
  [
    'two listeners that take any free port are fine',
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
${UPSTREAMS}
${TABLES}`,
    [],
  ],
  [
    'lists of networks that nobody is in who could connect',
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:1", allow: [10.0.0.0/8] }
  - { protocol: socketmap, listen: "inet:192.0.2.1:2", allow: ["2001:db8::/32"] }
  - { protocol: socketmap, listen: "inet:192.0.2.1:3", allow: [0.0.0.0/32] }
  - { protocol: socketmap, listen: "inet:127.0.0.1:4", allow: [127.0.0.9] }
  - { protocol: socketmap, listen: "inet:[::]:5", allow: [10.0.0.0/8] }
  - { protocol: socketmap, listen: "inet:192.0.2.1:6", allow: ["::ffff:10.0.0.0/104"] }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:2:56: listeners[0].allow: lets nobody connect: only this machine reaches a loopback address; add ["127.0.0.0/8","::1"], or listen on another address',
      'mapgate.yaml:3:56: listeners[1].allow: lets nobody connect: clients of an IPv4 address have one themselves; add such networks, or listen on another address',
      'mapgate.yaml:4:56: listeners[2].allow: lets nobody connect: no client has such an address',
    ],
  ],
  [
    'hosts of the admin API that no Host field names, for the port is not looked at',
    `${LISTENERS}
admin: { listen: "inet:127.0.0.1:8466", hosts: ["gate.example:8466", "https://gate.example", "gate.example."] }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:2:49: admin.hosts[0]: "gate.example:8466" does not fit, must be a host name as in mapgate.example.com, without a port',
      'mapgate.yaml:2:70: admin.hosts[1]: "https://gate.example" does not fit, must be a host name as in mapgate.example.com, without a port',
    ],
  ],
  [
    'a listener beyond loopback without allow',
    `listeners:
  - { protocol: socketmap, listen: "inet:0.0.0.0:8464" }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:2:36: listeners[0].listen: "inet:0.0.0.0:8464" can be reached from other machines, so "allow" is needed; list the networks of your mail servers',
    ],
  ],
  [
    'a listener on a host name without allow',
    `listeners:
  - { protocol: socketmap, listen: "inet:mx.example:8464" }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:2:36: listeners[0].listen: "inet:mx.example:8464" can be reached from other machines, so "allow" is needed; list the networks of your mail servers',
    ],
  ],
  [
    'a listener on localhost needs no allow',
    `listeners:
  - { protocol: socketmap, listen: "inet:localhost:8464" }
${UPSTREAMS}
${TABLES}`,
    [],
  ],
  [
    'a network that is none',
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:1", allow: [localhost, 10.0.0.0/33, "::/129"] }
${UPSTREAMS}
${TABLES}`,
    [
      'mapgate.yaml:2:64: listeners[0].allow[0]: "localhost" is not a network; write an address or CIDR, such as 192.0.2.0/24 or "2001:db8::/32"',
      'mapgate.yaml:2:75: listeners[0].allow[1]: "10.0.0.0/33" has no prefix length from 0 to 32 after the slash',
      'mapgate.yaml:2:88: listeners[0].allow[2]: "::/129" has no prefix length from 0 to 128 after the slash',
    ],
  ],
  [
    'allow at a unix socket',
    `listeners:
  - { protocol: socketmap, listen: "unix:/run/a", allow: [127.0.0.1] }
${UPSTREAMS}
${TABLES}`,
    [
      'warning: mapgate.yaml:2:51: listeners[0].allow: has no use for a unix socket; "mode", "owner" and "group" say who may connect',
    ],
  ],
  [
    'mode at a network address',
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:1", mode: "0600" }
${UPSTREAMS}
${TABLES}`,
    ['warning: mapgate.yaml:2:56: listeners[0].mode: is only for unix sockets; remove it'],
  ],
  [
    'more connections of one address than of all',
    `listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:1", maxConnections: 5, maxConnectionsPerAddress: 6 }
${UPSTREAMS}
${TABLES}`,
    [
      'warning: mapgate.yaml:2:101: listeners[0].maxConnectionsPerAddress: 6 is above maxConnections, 5, and so has no effect; lower it',
    ],
  ],
  [
    'an admin address that is none',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
admin: { listen: "8466" }`,
    [
      'mapgate.yaml:4:18: admin.listen: "8466" is not an address: expected inet:HOST:PORT, inet:[IPV6]:PORT, unix:/PATH or systemd:NAME',
    ],
  ],
  [
    'an admin API beyond loopback without tokens',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
admin: { listen: "inet:0.0.0.0:8466" }`,
    [
      'mapgate.yaml:4:18: admin.listen: "inet:0.0.0.0:8466" may be reached from other machines, so "tokens" are needed; add one, or listen on 127.0.0.1',
    ],
  ],
  [
    'an admin API on a systemd socket without tokens',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
admin: { listen: "systemd:admin" }`,
    [
      'mapgate.yaml:4:18: admin.listen: "systemd:admin" may be reached from other machines, so "tokens" are needed; add one, or listen on 127.0.0.1',
    ],
  ],
  [
    'an admin API beyond loopback where anybody is operator',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
admin: { listen: "inet:0.0.0.0:8466", anonymous: operator, tokens: [{ token: 0123456789abcdef }] }`,
    [
      'warning: mapgate.yaml:4:1: admin: sends tokens over the network in the clear; add "tls", or put a proxy with TLS in front of it',
      'warning: mapgate.yaml:4:50: admin.anonymous: operator lets everybody who can connect purge and reload; use viewer or none',
    ],
  ],
  [
    'a token that is too short',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
admin: { listen: "inet:127.0.0.1:8466", tokens: [{ token: short }] }`,
    ['mapgate.yaml:4:59: admin.tokens[0].token: is shorter than 16 characters; write a longer one'],
  ],
  [
    'a token that stands twice',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
admin: { listen: "inet:127.0.0.1:8466", tokens: [{ token: a123456789abcdef }, { token: a123456789abcdef }] }`,
    ['mapgate.yaml:4:88: admin.tokens[1].token: is the same token as one above'],
  ],
])
