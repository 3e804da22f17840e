/**
 * What `main-cf` prints where Postfix writes tables, and where listeners need parameters of main.cf that have one value.
 */
import { expect, test } from 'vitest'
import { linesFor } from './main-cf-lines.ts'

const QUEUE = '/var/spool/postfix'
const READ = `  - { protocol: proxymap, listen: "unix:${QUEUE}/mapgate/proxymap", tables: [aliases], pass: "unix:${QUEUE}/private/proxymap" }`
const WRITE = `  - { protocol: proxymap, listen: "unix:${QUEUE}/mapgate/proxywrite", write: [verify], pass: "unix:${QUEUE}/private/proxywrite" }`
const MEMCACHE = '  - { protocol: memcache, listen: "inet:127.0.0.1:8467" }'
const ALIASES = '  aliases: { upstream: s, usedBy: [virtual_alias_maps] }'
const USERS = '  users: { upstream: s, usedBy: [transport_maps] }'
const VERIFY = '  verify: { upstream: learned, usedBy: [address_verify_map] }'

const LMTP =
  '# local(8) and virtual(8) do not ask for their own maps here, and mail for them waits: deliver by lmtp:'
const RELATIVE =
  '# relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd /var/spool/postfix'

const cases: [sentence: string, listeners: string[], tables: string[], expected: string][] = [
  [
    'each of the two names once, for the listener that serves it',
    [READ, WRITE],
    [ALIASES, VERIFY],
    `${LMTP}
proxymap_service_name = ../mapgate/proxymap

proxywrite_service_name = ../mapgate/proxywrite

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/proxymap:aliases KEY
virtual_alias_maps = proxy:mapgate:aliases

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/proxywrite:verify KEY
address_verify_map = proxy:mapgate:verify
`,
  ],
  [
    'the same where each listener has every table',
    [READ.replace('tables: [aliases], ', ''), WRITE],
    [ALIASES, VERIFY],
    `${LMTP}
proxymap_service_name = ../mapgate/proxymap

proxywrite_service_name = ../mapgate/proxywrite

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/proxymap:aliases KEY
virtual_alias_maps = proxy:mapgate:aliases

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/proxywrite:verify KEY
address_verify_map = proxy:mapgate:verify
`,
  ],
  [
    'only the name for tables that Postfix writes where it reads none, and the usual path of a socket of systemd',
    [WRITE.replace(`unix:${QUEUE}/mapgate/proxywrite`, 'systemd:proxywrite')],
    [VERIFY],
    `proxywrite_service_name = ../mapgate/proxywrite

# the address is that of the systemd socket proxywrite; put it in here
# to try it: mapgate query proxymap:unix:mapgate/proxywrite:verify KEY
address_verify_map = proxy:mapgate:verify
`,
  ],
  [
    'what becomes of the other tables that Postfix writes where nobody has them',
    [WRITE.replace(/, pass: "[^"]*"/, '')],
    [VERIFY],
    `# All proxy: tables that Postfix writes are asked here now; one that is not in "write", such as
# proxy:btree:FILE, fails. Give the tables of "write" a listener of their own with
# pass: "unix:/var/spool/postfix/private/proxywrite"
proxywrite_service_name = ../mapgate/proxywrite

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/proxywrite:verify KEY
address_verify_map = proxy:mapgate:verify
`,
  ],
  [
    'that no listener takes the changes of a table, whatever may look it up',
    [
      READ.replace('[aliases]', '[verify]'),
      '  - { protocol: socketmap, listen: "inet:127.0.0.1:8464" }',
      '  - { protocol: tcp_table, listen: "inet:127.0.0.1:8465", table: verify }',
    ],
    [VERIFY],
    '# table verify: no listener lets Postfix write it; name it in "write" of a proxymap listener, or let a memcache listener serve it\n',
  ],
  [
    'what has to be decided where two listeners share the tables that are read, and one value for the parameter',
    [READ, READ.replace('mapgate/proxymap', 'mapgate/second').replace('[aliases]', '[users, lists]')],
    [ALIASES, USERS, '  lists: { upstream: s, usedBy: [virtual_alias_maps] }'],
    `# proxymap_service_name has one value, and tables are at several listeners; let one listener have all of them, or set the others in master.cf for the services that ask them: -o proxymap_service_name=VALUE
${LMTP}
# for table aliases:
proxymap_service_name = ../mapgate/proxymap
${LMTP}
# for tables users and lists:
# or: proxymap_service_name = ../mapgate/second

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/proxymap:aliases KEY
# to try it: mapgate query proxymap:unix:mapgate/second:lists KEY
virtual_alias_maps = proxy:mapgate:aliases, proxy:mapgate:lists

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/second:users KEY
transport_maps = proxy:mapgate:users
`,
  ],
  [
    'the listener that has all tables, where another has some of them',
    [READ, READ.replace('mapgate/proxymap', 'mapgate/all').replace('tables: [aliases], ', '')],
    [ALIASES, USERS],
    `${LMTP}
proxymap_service_name = ../mapgate/all

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/proxymap:aliases KEY
virtual_alias_maps = proxy:mapgate:aliases
${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/all:aliases KEY
# or: virtual_alias_maps = proxy:mapgate:aliases

${RELATIVE}
# to try it: mapgate query proxymap:unix:mapgate/all:users KEY
transport_maps = proxy:mapgate:users
`,
  ],
  [
    'how long the entries of a store live over memcache, and nothing of it for a table that is only read',
    [MEMCACHE],
    [VERIFY, ALIASES],
    `# /etc/postfix/mapgate-verify.cf has these lines:
#   memcache = inet:127.0.0.1:8467
#   key_format = verify/%s
#   max_try = 1
#   timeout = 10
#   data_size_limit = 100000
#   line_size_limit = 4096
#   ttl = 0
# With ttl = 0 an entry lives as long as the ttl of its store says; without that line Postfix says 3600, an hour.
# Postfix cannot list entries over memcache, so that its cleanup would only warn. Turn that of this table off:
# address_verify_cache_cleanup_interval = 0, or postscreen_cache_cleanup_interval = 0
# to try it: mapgate query memcache:inet:127.0.0.1:8467:verify KEY
address_verify_map = memcache:/etc/postfix/mapgate-verify.cf

# /etc/postfix/mapgate-aliases.cf has these lines:
#   memcache = inet:127.0.0.1:8467
#   key_format = aliases/%s
#   max_try = 1
#   timeout = 10
#   data_size_limit = 100000
#   line_size_limit = 4096
# to try it: mapgate query memcache:inet:127.0.0.1:8467:aliases KEY
virtual_alias_maps = memcache:/etc/postfix/mapgate-aliases.cf
`,
  ],
  [
    'a file that two listeners need once, and what it says for the other one instead',
    [MEMCACHE, MEMCACHE.replace('8467', '8468')],
    [ALIASES],
    `# /etc/postfix/mapgate-aliases.cf has these lines:
#   memcache = inet:127.0.0.1:8467
#   key_format = aliases/%s
#   max_try = 1
#   timeout = 10
#   data_size_limit = 100000
#   line_size_limit = 4096
# to try it: mapgate query memcache:inet:127.0.0.1:8467:aliases KEY
virtual_alias_maps = memcache:/etc/postfix/mapgate-aliases.cf
# or, with another listener, instead of the same lines above:
#   memcache = inet:127.0.0.1:8468
# to try it: mapgate query memcache:inet:127.0.0.1:8468:aliases KEY
`,
  ],
]

for (const [sentence, listeners, tables, expected] of cases)
  test(`prints ${sentence}`, async () => {
    expect(await linesFor(listeners.join('\n'), tables.join('\n'))).toBe(expected)
  })
