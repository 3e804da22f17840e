/**
 * What `check` says about listeners whose protocols can do harm that no key of the configuration shows.
 */
import { expect, test } from 'vitest'
import { problemsIn } from './problems.ts'

const REST =
  'upstreams: { s: { entries: { a: b } }, learned: { store: { directory: /s } } }\ntables: { t: { upstream: s }, w: { upstream: learned } }\n'
const PASS = 'pass: "unix:/var/spool/postfix/private/proxymap"'
const SOCKET = 'listen: "unix:/var/spool/postfix/mapgate/proxymap"'
const NO_PASS =
  'warning: m.yaml:1:13: listeners[0]: has no "pass": all proxy: tables of Postfix come here, and those that are not ours are answered "try again later", also local_recipient_maps by its default; add pass: "unix:/var/spool/postfix/private/proxymap", or have no other proxy: table'

const PASS_WRITE = 'pass: "unix:/var/spool/postfix/private/proxywrite"'
const REJECTED =
  /^warning: .*listeners\[0\]\.protocol: never gets a key with white space: Postfix takes such a recipient \("john doe"@example\.com\) for unknown and rejects it; where there are any, use socketmap$/
const NEVER_LEARNED =
  /^warning: .*listeners\[0\]\.protocol: never gets a key with white space, so address_verify_map never learns such a recipient \("john doe"@example\.com\): with reject_unverified_recipient its mail gets 450 each time; where there are any, use proxymap$/

const cases: [sentence: string, listener: string, expected: (string | RegExp)[]][] = [
  [
    'a memcache listener never gets a key with white space',
    'protocol: memcache, listen: "inet:127.0.0.1:8467", tables: [t]',
    [REJECTED],
  ],
  [
    'what that means for a memcache listener with tables that Postfix writes alone',
    'protocol: memcache, listen: "inet:127.0.0.1:8467", tables: [w]',
    [NEVER_LEARNED],
  ],
  [
    'what it means for one with every table',
    'protocol: memcache, listen: "inet:127.0.0.1:8467"',
    [REJECTED, NEVER_LEARNED],
  ],
  [
    'a listener for tables that Postfix writes, which passes others on to the server for them',
    `protocol: proxymap, ${SOCKET}, write: [w], ${PASS_WRITE}`,
    [],
  ],
  [
    'one that passes them on to a server that only reads',
    `protocol: proxymap, ${SOCKET}, write: [w], pass: "unix:/var/spool/postfix-in/private/proxymap"`,
    [
      /^warning: .*listeners\[0\]\.pass: only reads: it refuses every other proxy: table that Postfix writes, such as proxy:btree:FILE in postscreen_cache_map, and that ends the daemon; move "write" to a listener of its own with pass: "unix:\/var\/spool\/postfix-in\/private\/proxywrite"$/,
    ],
  ],
  [
    'one that passes them on to nobody',
    `protocol: proxymap, ${SOCKET}, write: [w]`,
    [
      /^warning: .*listeners\[0\]: has "write" and no "pass": all proxy: tables that Postfix writes come here by proxywrite_service_name, and those that are not in "write" fail; add pass: "unix:\/var\/spool\/postfix\/private\/proxywrite" \(and a listener of their own for tables that are only read\), or have no other such table$/,
    ],
  ],
  [
    'one that has tables which are only read beside them',
    `protocol: proxymap, ${SOCKET}, write: [w], tables: [t], ${PASS_WRITE}`,
    [
      /^warning: .*listeners\[0\]\.tables: are asked by proxymap_service_name, where "pass" refuses every other proxy: table that Postfix only reads, and that ends the daemon; move them to a listener of their own with pass: "unix:\/var\/spool\/postfix\/private\/proxymap"$/,
    ],
  ],
  [
    'a listener that writes nothing and passes on to the server for what is written',
    `protocol: proxymap, ${SOCKET}, ${PASS_WRITE}`,
    [
      /^warning: .*listeners\[0\]\.pass: refuses tables that Postfix only reads, and that ends the daemon; write unix:\/var\/spool\/postfix\/private\/proxymap, or say in "write" which tables are written here$/,
    ],
  ],
  [
    'a table of a memcache listener that is not there',
    'protocol: memcache, listen: "inet:127.0.0.1:8467", tables: [tt]',
    [/listeners\[0\]\.tables\[0\]: there is no table "tt"; did you mean "t"$/, /^warning: /],
  ],
  ['a proxymap listener that passes the tables of others on', `protocol: proxymap, ${SOCKET}, ${PASS}`, []],
  ['a proxymap listener that takes all proxy: tables over', `protocol: proxymap, ${SOCKET}`, [NO_PASS]],
  [
    'a proxymap listener at a network address',
    `protocol: proxymap, listen: "inet:127.0.0.1:8468", ${PASS}`,
    [
      /listeners\[0\]\.listen: Postfix asks proxymap at a unix socket only; write unix:\/PATH, or use memcache$/,
    ],
  ],
  [
    'a proxymap socket where no chroot has it',
    `protocol: proxymap, listen: "unix:/run/mapgate/proxymap", ${PASS}`,
    [
      /^warning: .*listeners\[0\]\.listen: is not below \/var\/spool\/postfix\/, where daemons in a chroot look for it$/,
    ],
  ],
  [
    'a proxymap listener that passes to itself',
    `protocol: proxymap, ${SOCKET}, pass: "unix:/var/spool/postfix/mapgate/proxymap"`,
    [/listeners\[0\]\.pass: is this listener itself; write the socket of Postfix, unix:\/var/],
  ],
  [
    'a server to pass to that is no unix socket',
    `protocol: proxymap, ${SOCKET}, pass: "inet:127.0.0.1:1"`,
    [
      /listeners\[0\]\.pass: "inet:127\.0\.0\.1:1" is not a unix socket; write the one of Postfix, unix:\/var\/spool\/postfix\/private\/proxymap$/,
    ],
  ],
  [
    'a greeting that newer Postfix waits for in vain',
    `protocol: proxymap, ${SOCKET}, ${PASS}, greeting: never`,
    [
      /^warning: .*listeners\[0\]\.greeting: makes Postfix 3\.6 and newer wait an hour; it is for 3\.4 and 3\.5 alone$/,
    ],
  ],
  [
    'a greeting that is none',
    `protocol: proxymap, ${SOCKET}, ${PASS}, greeting: maybe`,
    [/listeners\[0\]\.greeting: "maybe" is not known, must be auto, always or never/],
  ],
]

for (const [sentence, listener, expected] of cases) {
  test(`tells: ${sentence}`, async () => {
    const problems = await problemsIn(`listeners: [{ ${listener} }]\n${REST}`, {
      lookAtPath: async () => 'folder',
    })
    expect(problems).toHaveLength(expected.length)
    for (const [index, text] of expected.entries()) {
      if (typeof text === 'string')
        expect(problems[index]?.replace(/^(warning: )\S+?:/, '$1m.yaml:')).toBe(text)
      else expect(problems[index]).toMatch(text)
    }
  })
}
