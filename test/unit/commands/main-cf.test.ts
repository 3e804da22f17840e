import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { printMainCf } from '../../../src/commands/main-cf/main-cf.ts'
import { parseServer } from '../../../src/protocols/client-target.ts'
import { PROTOCOLS } from '../../../src/protocols/registry.ts'
import { collectingIo } from './collecting-io.ts'
import { linesFor } from './main-cf-lines.ts'

const POSTCONF = '/usr/sbin/postconf'

const INET = '  - { protocol: socketmap, listen: "inet:127.0.0.1:8464" }'
const CHROOT = '  - { protocol: socketmap, listen: "unix:/var/spool/postfix/mapgate/socketmap" }'
const TCP = '  - { protocol: tcp_table, listen: "inet:127.0.0.1:8465", table: aliases }'
const ALIASES = '  aliases: { upstream: s, usedBy: [virtual_alias_maps] }'

describe('main-cf', () => {
  const cases: [name: string, listeners: string[], tables: string[], expected: string][] = [
    [
      'a whole line for a parameter',
      [INET],
      [ALIASES],
      'virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases\n',
    ],
    [
      'the other listeners as comments, a socket of the chroot in relative form',
      [INET, CHROOT, TCP],
      [ALIASES],
      `virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases
# relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd /var/spool/postfix
# or: virtual_alias_maps = socketmap:unix:mapgate/socketmap:aliases
# or: virtual_alias_maps = tcp:127.0.0.1:8465
`,
    ],
    [
      'lines that two tables of a listener need, once',
      [
        '  - { protocol: sasl, listen: "unix:/var/spool/postfix/mapgate/auth", table: accounts, tokenTable: tokens, mechanisms: [PLAIN, XOAUTH2] }',
        '  - { protocol: sasl, listen: "inet:127.0.0.1:8468", table: accounts }',
      ],
      [
        `  accounts: &login
    upstream: d
    request: { method: POST, path: /a, json: { p: "{attribute.password}", t: "{attribute.token}" } }
    response: { user: $.user }`,
        '  tokens: *login',
      ],
      `# tables accounts and tokens:
# relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd /var/spool/postfix
# who may log in is set for submission and smtps in master.cf, and for no other service:
#   -o smtpd_sasl_auth_enable=yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = mapgate/auth
smtpd_sasl_security_options = noanonymous
smtpd_tls_auth_only = yes

# table accounts:
# who may log in is set for submission and smtps in master.cf, and for no other service:
#   -o smtpd_sasl_auth_enable=yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:8468
smtpd_sasl_security_options = noanonymous
smtpd_tls_auth_only = yes
`,
    ],
    [
      'a file for each table where a protocol needs one, and how to ask without it',
      ['  - { protocol: memcache, listen: "inet:127.0.0.1:8467" }'],
      [ALIASES, '  lists: { upstream: s, usedBy: virtual_alias_maps }'],
      `# /etc/postfix/mapgate-aliases.cf has these lines:
#   memcache = inet:127.0.0.1:8467
#   key_format = aliases/%s
#   max_try = 1
#   timeout = 10
#   data_size_limit = 100000
#   line_size_limit = 4096
# to try it: mapgate query memcache:inet:127.0.0.1:8467:aliases KEY
# /etc/postfix/mapgate-lists.cf has these lines:
#   memcache = inet:127.0.0.1:8467
#   key_format = lists/%s
#   max_try = 1
#   timeout = 10
#   data_size_limit = 100000
#   line_size_limit = 4096
# to try it: mapgate query memcache:inet:127.0.0.1:8467:lists KEY
virtual_alias_maps = memcache:/etc/postfix/mapgate-aliases.cf, memcache:/etc/postfix/mapgate-lists.cf
`,
    ],
    [
      'what a listener needs once, before its tables',
      [
        '  - { protocol: proxymap, listen: "unix:/var/spool/postfix/mapgate/proxymap", pass: "unix:/var/spool/postfix/private/proxymap" }',
      ],
      [ALIASES, '  users: { upstream: s, usedBy: virtual_mailbox_maps }'],
      `# local(8) and virtual(8) do not ask for their own maps here, and mail for them waits: deliver by lmtp:
proxymap_service_name = ../mapgate/proxymap

# relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd /var/spool/postfix
# to try it: mapgate query proxymap:unix:mapgate/proxymap:aliases KEY
virtual_alias_maps = proxy:mapgate:aliases

# relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd /var/spool/postfix
# to try it: mapgate query proxymap:unix:mapgate/proxymap:users KEY
virtual_mailbox_maps = proxy:mapgate:users

# or the domains that have aliases and no mailboxes; without this line Postfix asks virtual_alias_maps for every domain
virtual_alias_domains =
`,
    ],
    [
      'no domains of aliases where a table has them',
      [INET],
      [
        ALIASES,
        '  domains: { upstream: s, usedBy: virtual_alias_domains }',
        '  ours: { upstream: s, usedBy: virtual_mailbox_domains }',
      ],
      `virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases

virtual_alias_domains = socketmap:inet:127.0.0.1:8464:domains

virtual_mailbox_domains = socketmap:inet:127.0.0.1:8464:ours
`,
    ],
    [
      'what to do about other tables where a listener takes them over',
      ['  - { protocol: proxymap, listen: "unix:/var/spool/postfix/mapgate/proxymap" }'],
      ['  aliases: { upstream: s }'],
      `# All proxy: tables of Postfix are asked here now. local_recipient_maps has one by default
# (proxy:unix:passwd.byname), which fails, and mail for local users waits. Give the listener
# pass: "unix:/var/spool/postfix/private/proxymap"
# or, where no mail is for local users, write:
# local_recipient_maps =
# local(8) and virtual(8) do not ask for their own maps here, and mail for them waits: deliver by lmtp:
proxymap_service_name = ../mapgate/proxymap

# table aliases:
# relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd /var/spool/postfix
# to try it: mapgate query proxymap:unix:mapgate/proxymap:aliases KEY
#   proxy:mapgate:aliases
`,
    ],
    [
      'the usual path of a proxymap socket that systemd holds',
      [
        '  - { protocol: proxymap, listen: "systemd:proxymap", pass: "unix:/var/spool/postfix/private/proxymap" }',
      ],
      [ALIASES],
      `# local(8) and virtual(8) do not ask for their own maps here, and mail for them waits: deliver by lmtp:
proxymap_service_name = ../mapgate/proxymap

# the address is that of the systemd socket proxymap; put it in here
# to try it: mapgate query proxymap:unix:mapgate/proxymap:aliases KEY
virtual_alias_maps = proxy:mapgate:aliases
`,
    ],
    [
      'the queue directory that a proxymap socket elsewhere needs',
      ['  - { protocol: proxymap, listen: "unix:/var/spool/postfix-out/mapgate/proxymap", pass: "unix:/p" }'],
      [ALIASES],
      `# queue_directory of this Postfix must be /var/spool/postfix-out
# local(8) and virtual(8) do not ask for their own maps here, and mail for them waits: deliver by lmtp:
proxymap_service_name = ../mapgate/proxymap

# daemons in a chroot find it only below their queue_directory, which is usually /var/spool/postfix
# to try it: mapgate query proxymap:unix:/var/spool/postfix-out/mapgate/proxymap:aliases KEY
virtual_alias_maps = proxy:mapgate:aliases
`,
    ],
    [
      'the second name for tables that Postfix writes',
      [
        '  - { protocol: proxymap, listen: "unix:/var/spool/postfix/mapgate/proxymap", write: [verify], pass: "unix:/var/spool/postfix/private/proxymap" }',
      ],
      ['  verify: { upstream: learned, usedBy: address_verify_map }', ALIASES],
      `# All proxy: tables that Postfix writes are asked here now; one that is not in "write", such as
# proxy:btree:FILE, may be refused, which ends the daemon. Give the tables of "write" a listener of their own with
# pass: "unix:/var/spool/postfix/private/proxywrite"
proxywrite_service_name = ../mapgate/proxymap

# local(8) and virtual(8) do not ask for their own maps here, and mail for them waits: deliver by lmtp:
proxymap_service_name = ../mapgate/proxymap

# relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd /var/spool/postfix
# to try it: mapgate query proxymap:unix:mapgate/proxymap:verify KEY
address_verify_map = proxy:mapgate:verify

# relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd /var/spool/postfix
# to try it: mapgate query proxymap:unix:mapgate/proxymap:aliases KEY
virtual_alias_maps = proxy:mapgate:aliases
`,
    ],
    [
      'IPv6 in brackets',
      [
        '  - { protocol: socketmap, listen: "inet:[::1]:8464" }',
        '  - { protocol: tcp_table, listen: "inet:[::1]:8465", table: aliases }',
      ],
      [ALIASES],
      `virtual_alias_maps = socketmap:inet:[::1]:8464:aliases
# or: virtual_alias_maps = tcp:[::1]:8465
`,
    ],
    [
      'two tables of one parameter in one line',
      [INET],
      [ALIASES, '  lists: { upstream: s, usedBy: virtual_alias_maps }'],
      'virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases, socketmap:inet:127.0.0.1:8464:lists\n',
    ],
    [
      'a restriction as a comment, since its place among others counts',
      [INET],
      ['  access: { upstream: s, usedBy: [check_recipient_access, check_sender_access] }'],
      `# put this into smtpd_recipient_restrictions:
# check_recipient_access socketmap:inet:127.0.0.1:8464:access

# put this into smtpd_sender_restrictions:
# check_sender_access socketmap:inet:127.0.0.1:8464:access
`,
    ],
    [
      'the names of a table without usedBy',
      [INET, TCP],
      ['  aliases: { upstream: s }', '  other: { upstream: s }'],
      `# table aliases:
#   socketmap:inet:127.0.0.1:8464:aliases
#   tcp:127.0.0.1:8465

# table other:
#   socketmap:inet:127.0.0.1:8464:other
`,
    ],
    [
      'a table that no listener serves',
      ['  - { protocol: socketmap, listen: "inet:127.0.0.1:8464", tables: [aliases] }'],
      [ALIASES, '  other: { upstream: s }', '  third: { upstream: s, usedBy: transport_maps }'],
      `virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases

# table third: no listener serves it; name it in the "tables" of one

# table other: no listener serves it; name it in the "tables" of one
`,
    ],
    [
      'a listener on every address as it is reached from this machine',
      ['  - { protocol: socketmap, listen: "inet:0.0.0.0:8464", allow: [10.0.0.0/8] }'],
      [ALIASES],
      `# on another machine: the address of this one
virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases
`,
    ],
    [
      'a socket outside of the queue directory, with what that means',
      ['  - { protocol: socketmap, listen: "unix:/run/mapgate/socketmap" }'],
      [ALIASES],
      `# daemons in a chroot find it only below their queue_directory, which is usually /var/spool/postfix
virtual_alias_maps = socketmap:unix:/run/mapgate/socketmap:aliases
`,
    ],
    [
      'a parameter that refuses such tables',
      [INET],
      ['  aliases: { upstream: s, usedBy: [alias_maps] }'],
      '# alias_maps: local(8) refuses every table that a server answers; use a local file\n',
    ],
    [
      'addresses that are not in the file as something to put in',
      [
        '  - { protocol: socketmap, listen: "systemd:maps" }',
        '  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }',
      ],
      [ALIASES],
      `# the address is that of the systemd socket maps; put it in here
virtual_alias_maps = socketmap:inet:HOST:PORT:aliases
# the port is chosen at start; put the real one here
# or: virtual_alias_maps = tcp:127.0.0.1:0
`,
    ],
  ]
  for (const [name, listeners, tables, expected] of cases) {
    test(`prints ${name}`, async () => {
      expect(await linesFor(listeners.join('\n'), tables.join('\n'))).toBe(expected)
    })
  }

  const EVERYTHING = [
    ALIASES,
    '  lists: { upstream: s, usedBy: [virtual_alias_maps] }',
    '  routes: { upstream: s, usedBy: [transport_maps] }',
    '  domains: { upstream: s, usedBy: [virtual_mailbox_domains, relay_domains] }',
    '  access: { upstream: s, usedBy: [check_client_access] }',
    '  bare: { upstream: s }',
  ].join('\n')

  test('prints only names that a wire client reads back', async () => {
    const text = await linesFor([INET, CHROOT, TCP].join('\n'), EVERYTHING)
    const names = text.match(/\b(socketmap|tcp):[^\s,]+/g) ?? []
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) expect(parseServer(name, PROTOCOLS)).not.toHaveProperty('why')
  })

  test.skipIf(!existsSync(POSTCONF))('prints text that postconf reads without a warning', async () => {
    const io = await collectingIo()
    const folder = join(io.cwd, 'postfix')
    await mkdir(folder)
    await writeFile(join(folder, 'main.cf'), await linesFor([INET, CHROOT, TCP].join('\n'), EVERYTHING))
    await writeFile(join(folder, 'master.cf'), '')
    const output = execFileSync(POSTCONF, ['-c', folder, '-n'], { encoding: 'utf8', stdio: 'pipe' })
    expect(output).toContain(
      'virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases, socketmap:inet:127.0.0.1:8464:lists\n',
    )
    expect(output).toContain('transport_maps = socketmap:inet:127.0.0.1:8464:routes\n')
    expect(output).toContain('relay_domains = socketmap:inet:127.0.0.1:8464:domains\n')
  })

  test('refuses a configuration with problems, and tells them', async () => {
    const io = await collectingIo()
    await writeFile(join(io.cwd, 'mapgate.yaml'), 'a: 1\n')
    await expect(printMainCf({}, io)).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('mapgate.yaml:1:1: unknown key "a"'),
    })
  })

  test.each([
    [undefined, 'mapgate check'],
    ['bad.yaml', 'mapgate check -c bad.yaml'],
    ['my bad.yaml', "mapgate check -c 'my bad.yaml'"],
  ])('names the command that tells the problems of %s', async (config, command) => {
    const io = await collectingIo()
    await writeFile(join(io.cwd, config ?? 'mapgate.yaml'), 'a: 1\n')
    await expect(printMainCf(config === undefined ? {} : { config }, io)).rejects.toThrow(
      `the configuration has problems; see them with: ${command}\n`,
    )
  })

  test('tells where a file would be looked for when there is none', async () => {
    const io = await collectingIo()
    await expect(printMainCf({ config: 'x.yaml' }, io)).rejects.toThrow('x.yaml:1:1: cannot be read')
  })
})
