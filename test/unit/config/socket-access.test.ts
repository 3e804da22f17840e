import { expect, test } from 'vitest'
import { problemsIn } from './problems.ts'

const FILES: Record<string, string> = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nmapgate:x:990:990::/:/bin/false\n',
  '/etc/group': 'root:x:0:\npostfix:x:115:mapgate\n',
}

function problems(access: string, admin = ''): Promise<string[]> {
  const text = `listeners: [ { protocol: socketmap, listen: "unix:/run/m", ${access} } ]
upstreams: { s: { entries: { a@a.example: b@a.example } } }
tables: { t: { upstream: s } }
${admin}`
  return problemsIn(text, {
    readFile: async (path) => {
      const found = FILES[path]
      if (found === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' })
      return found
    },
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
  [
    'a mode that lets nobody write',
    'mode: "0444"',
    [
      'warning: mapgate.yaml:1:66: listeners[0].mode: "0444": lets nobody connect: that needs write permission',
    ],
  ],
]
for (const [what, access, expected] of cases) {
  test(`a unix socket with ${what} ${expected.length === 0 ? 'has no problem' : 'is told'}`, async () => {
    expect(await problems(access)).toEqual(expected)
  })
}

test('the socket of the admin API is tried too', async () => {
  expect(await problems('mode: "0660"', 'admin: { listen: "unix:/run/a", group: nobdy }')).toEqual([
    'mapgate.yaml:4:40: admin.group: "nobdy": /etc/group has no group of this name; check it, or give its number',
  ])
})
