import { expect, test } from 'vitest'
import type { PathKind } from '../../../src/config/read-file.ts'
import { ANY_USER } from '../../../src/config/this-user.ts'
import { problemsIn } from './problems.ts'

const FILES: Record<string, string> = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nmapgate:x:990:990::/:/bin/false\n',
  '/etc/group': 'root:x:0:\npostfix:x:115:mapgate\n',
}

const KINDS: Record<string, PathKind> = {
  '/srv': 'folder',
  '/queue/private': 'folder',
  '/srv/file': 'file',
  '/srv/pipe': 'other',
}

function problems(access: string, more = '', path = '/run/m', user = ANY_USER): Promise<string[]> {
  const text = `listeners: [ { protocol: socketmap, listen: "unix:${path}", ${access} } ]
upstreams: { s: { entries: { a@a.example: b@a.example } } }
tables: { t: { upstream: s } }
${more}`
  return problemsIn(text, {
    readFile: async (path) => {
      const found = FILES[path]
      if (found === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' })
      return found
    },
    lookAtPath: async (looked) => KINDS[looked] ?? 'missing',
    user,
  })
}

const cases: [what: string, access: string, expected: string[]][] = [
  ['an owner and a group that are there', 'owner: mapgate, group: postfix', []],
  ['numbers, which need no line', 'owner: "4711", group: "4712"', []],
  [
    'a group that is not there',
    'group: postfx',
    [
      'mapgate.yaml:1:67: listeners[0].group: "postfx": /etc/group has no group of this name; check it, or give its number',
    ],
  ],
  [
    'an owner that is only a group',
    'owner: postfix',
    [
      'mapgate.yaml:1:67: listeners[0].owner: "postfix": /etc/passwd has no owner of this name; check it, or give its number',
    ],
  ],
  ['the largest numbers', 'owner: "4294967294", group: "4294967294"', []],
  [
    'numbers above the largest',
    'owner: "4294967295", group: "99999999999"',
    [
      'mapgate.yaml:1:67: listeners[0].owner: "4294967295": the largest number is 4294967294; check it',
      'mapgate.yaml:1:88: listeners[0].group: "99999999999": the largest number is 4294967294; check it',
    ],
  ],
  [
    'a mode that lets nobody write',
    'mode: "0444"',
    [
      'warning: mapgate.yaml:1:66: listeners[0].mode: "0444": lets nobody connect: that needs write permission',
    ],
  ],
]
for (const [what, access, expected] of cases) {
  test(`a unix socket with ${what} ${expected.length === 0 ? 'has no problem' : 'is reported'}`, async () => {
    expect(await problems(access)).toEqual(expected)
  })
}

const MAPGATE = {
  id: 990,
  group: 990,
  shown: 'user 990',
  runsAs: 'this is user 990',
  mayWriteIn: async () => true,
  mayGiveTo: (group: number) => group === 990,
}
const toPostfix: [what: string, access: string, path: string, user: typeof ANY_USER, expected: string[]][] = [
  [
    'in a folder that this user may not write in',
    'mode: "0666"',
    '/srv/m',
    { ...MAPGATE, mayWriteIn: async () => false },
    [
      'listen: "unix:/srv/m": user 990 may make nothing in /srv; give the folder to the user that mapgate runs as (chown), and check as that user',
    ],
  ],
  [
    'for a group that this user is no member of',
    'group: postfix',
    '/run/m',
    MAPGATE,
    [
      'group: "postfix": user 990 is no member of this group, so it cannot give the socket to it; run: usermod -aG postfix mapgate, restart mapgate, and check as its user',
    ],
  ],
  [
    'for its own group alone',
    'mode: "0660"',
    '/run/m',
    MAPGATE,
    [
      'mode: "0660": lets the group of mapgate connect, and the daemons of Postfix have no group but postfix; write group: postfix',
    ],
  ],
  [
    'for a group that is not the one of Postfix',
    'group: "990"',
    '/run/m',
    MAPGATE,
    [
      'group: "990": lets the group 990 connect, and the daemons of Postfix have no group but postfix; write group: postfix',
    ],
  ],
  [
    'for its own group, which is the one of Postfix',
    'mode: "0660"',
    '/run/m',
    { ...MAPGATE, group: 115 },
    [],
  ],
  ['for everybody', 'mode: "0666"', '/run/m', MAPGATE, []],
  [
    'that only mapgate may open',
    'mode: "0600"',
    '/run/m',
    MAPGATE,
    [
      'mode: "0600": lets only the user of mapgate connect, and Postfix asks as the user postfix; write mode: "0660" and group: postfix',
    ],
  ],
  ['that only its owner may open, who is named', 'mode: "0600", owner: mapgate', '/run/m', MAPGATE, []],
  [
    'in the folder of those of Postfix',
    'mode: "0666"',
    '/queue/private/mapgate',
    MAPGATE,
    [
      'listen: "unix:/queue/private/mapgate": is in the folder of Postfix\'s own sockets, which only Postfix may open; use a folder beside it, such as /queue/mapgate',
    ],
  ],
]
for (const [what, access, path, user, expected] of toPostfix)
  test(`a unix socket ${what} ${expected.length === 0 ? 'has no problem' : 'is warned of'}`, async () => {
    const told = await problems(access, '', path, user)
    expect(told.map((line) => line.replace(/^warning: mapgate\.yaml:\d+:\d+: listeners\[0\]\./, ''))).toEqual(
      expected,
    )
  })

test('only this user may open the admin API, and mapgate may run as postfix', async () => {
  expect(
    await problems('mode: "0666"', 'admin: { listen: "unix:/run/a", mode: "0600" }', '/run/m', MAPGATE),
  ).toEqual([])
  const passwd = FILES['/etc/passwd']
  FILES['/etc/passwd'] = `${passwd}postfix:x:101:115::/:/bin/false\n`
  expect(await problems('mode: "0600"', '', '/run/m', { ...MAPGATE, id: 101 })).toEqual([])
  FILES['/etc/passwd'] = passwd ?? ''
})

test('the socket of the admin API is tried too', async () => {
  expect(await problems('mode: "0660"', 'admin: { listen: "unix:/run/a", group: nobdy }')).toEqual([
    'mapgate.yaml:4:40: admin.group: "nobdy": /etc/group has no group of this name; check it, or give its number',
  ])
})

const paths: [what: string, path: string, expected: string[]][] = [
  ['in a folder that is there', '/srv/m', []],
  ['in a folder that systemd makes at the start', '/run/mapgate/m', []],
  [
    'that is a file',
    '/srv/file',
    [
      'mapgate.yaml:1:45: listeners[0].listen: "unix:/srv/file": is a file and not a socket; choose another path',
    ],
  ],
  ['that a socket may have', '/srv/pipe', []],
  [
    'in a folder that is not there',
    '/srv/no/m',
    ['mapgate.yaml:1:45: listeners[0].listen: "unix:/srv/no/m": there is no folder /srv/no; create it'],
  ],
  [
    'below a file',
    '/srv/file/m',
    [
      'mapgate.yaml:1:45: listeners[0].listen: "unix:/srv/file/m": /srv/file is not a folder; choose another path',
    ],
  ],
]
for (const [what, path, expected] of paths) {
  test(`a unix socket ${what} ${expected.length === 0 ? 'has no problem' : 'is reported'}`, async () => {
    expect(await problems('mode: "0660"', '', path)).toEqual(expected)
  })
}

const cacheFiles: [what: string, path: string, why: string | undefined][] = [
  ['that is not there yet', '/srv/cache', undefined],
  ['in a folder that systemd makes at the start', '/var/lib/mapgate/cache', undefined],
  ['that is a folder', '/srv', 'is a folder; name a file in it'],
  ['that is a pipe', '/srv/pipe', 'is a pipe, a socket or a device; name a file'],
  ['in a folder that is not there', '/srv/no/cache', 'there is no folder /srv/no; create it'],
]
for (const [what, path, why] of cacheFiles) {
  test(`a cache file ${what} ${why === undefined ? 'has no problem' : 'is reported, and is no reason not to start'}`, async () => {
    const told = `warning: mapgate.yaml:4:12: cacheFile: "${path}": ${why}; until then no answer is kept over a restart`
    expect(await problems('mode: "0660"', `cacheFile: ${path}`)).toEqual(why === undefined ? [] : [told])
  })
}
