/**
 * What `check` says about listeners whose protocols can do harm that no key of the configuration shows.
 */
import { expect, test } from 'vitest'
import { problemsIn } from './problems.ts'

const REST = 'upstreams: { s: { entries: { a: b } } }\ntables: { t: { upstream: s } }\n'
const PASS = 'pass: "unix:/var/spool/postfix/private/proxymap"'
const SOCKET = 'listen: "unix:/var/spool/postfix/mapgate/proxymap"'
const NO_PASS =
  'warning: m.yaml:1:13: listeners[0]: has no "pass": all proxy: tables of Postfix come here, and those that are not ours are answered "try again later", also local_recipient_maps by its default; add pass: "unix:/var/spool/postfix/private/proxymap", or have no other proxy: table'

const cases: [sentence: string, listener: string, expected: (string | RegExp)[]][] = [
  [
    'a memcache listener never gets a key with white space',
    'protocol: memcache, listen: "inet:127.0.0.1:8467", tables: [t]',
    [
      /^warning: .*listeners\[0\]\.protocol: never gets a key with white space: Postfix takes such a recipient \("john doe"@example\.com\) for unknown and rejects it; where there are any, use socketmap$/,
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
