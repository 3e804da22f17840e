/**
 * What root's check says of files that root can read, and the user of the unit cannot.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { check } from '../../../src/commands/check/check.ts'
import { readTextFile } from '../../../src/config/read-file.ts'
import type { ThisUser } from '../../../src/config/this-user.ts'
import { unitUser } from '../../../src/config/unit-user.ts'
import { collectingIo } from '../commands/collecting-io.ts'

const ACCOUNTS: Readonly<Record<string, string>> = {
  '/etc/passwd':
    'root:x:0:0::/root:/bin/sh\nmapgate:x:990:991::/:/bin/false\nmail-gate:x:993:993::/:/bin/false\n',
  '/etc/group': 'root:x:0:\nmapgate:x:991:\npostfix:x:115:\nmail:x:8:ann,mapgate\n',
}

const read = async (path: string) => ACCOUNTS[path] ?? readTextFile(path)

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-unit-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  chmodSync(path, 0o755)
  return path
}

async function user(dropIns = '/nonexistent'): Promise<ThisUser> {
  const made = await unitUser(read, dropIns)
  if (made === undefined) throw new TypeError('no user')
  return made
}

beforeEach((context) => {
  if (process.getuid?.() !== 0) context.skip('needs root: files of other users are made')
})

test.each<[what: string, uid: number, gid: number, mode: number, may: string | undefined]>([
  ['root alone', 0, 0, 0o600, 'may not read it'],
  ['root and the group of the service', 0, 991, 0o640, undefined],
  ['root and a group that has the service as a member', 0, 8, 0o640, undefined],
  ['root and another group', 0, 115, 0o640, 'may not read it'],
  ['everybody', 0, 0, 0o644, undefined],
  ['everybody but the group of the service', 0, 991, 0o604, 'may not read it'],
  ['the service alone', 990, 0, 0o400, undefined],
])('a file for %s', async (_what, uid, gid, mode, may) => {
  const file = join(folder(), 'file')
  writeFileSync(file, 'x')
  chownSync(file, uid, gid)
  chmodSync(file, mode)
  expect(await (await user()).whyUnreadable?.(file)).toEqual(may && { may })
})

test('a closed folder is told, also behind a link', async () => {
  const path = folder()
  const secrets = join(path, 'secrets')
  mkdirSync(secrets, { mode: 0o700 })
  writeFileSync(join(secrets, 'token'), 'x', { mode: 0o644 })
  symlinkSync(join(secrets, 'token'), join(path, 'link'))
  const closed = { may: `may not look into ${secrets}`, folder: secrets }
  expect(await (await user()).whyUnreadable?.(join(secrets, 'token'))).toEqual(closed)
  expect(await (await user()).whyUnreadable?.(join(path, 'link'))).toEqual(closed)
  expect(await (await user()).whyUnreadable?.(join(path, 'none'))).toBeUndefined()
})

test('files are made in folders of its own, and given to groups that it is in', async () => {
  const path = folder()
  const service = await user()
  expect(await service.mayWriteIn(path)).toBe(false)
  chownSync(path, 990, 0)
  expect(await service.mayWriteIn(path)).toBe(true)
  expect([991, 8, 115].map((group) => service.mayGiveTo(group))).toEqual([true, true, false])
})

test('drop-ins of the unit say who runs it and in which groups', async () => {
  const path = folder()
  writeFileSync(join(path, 'a.conf'), '[Service]\nSupplementaryGroups=postfix\n')
  expect((await user(path)).mayGiveTo(115)).toBe(true)
  writeFileSync(join(path, 'b.conf'), '[Service]\nUser=mail-gate\nSupplementaryGroups=\n')
  const other = await user(path)
  expect([other.id, other.mayGiveTo(115)]).toEqual([993, false])
  writeFileSync(join(path, 'c.conf'), '[Service]\nUser=root\n')
  expect(await unitUser(read, path)).toBeUndefined()
  expect(await unitUser(async () => '')).toBeUndefined()
})

test("root's check warns of what the service cannot read, write or give away", async () => {
  const io = await collectingIo({})
  chmodSync(io.cwd, 0o755)
  const etc = join(io.cwd, 'etc')
  mkdirSync(join(etc, 'secrets'), { recursive: true })
  chmodSync(join(etc, 'secrets'), 0o700)
  writeFileSync(join(etc, 'secrets/directory'), '0123456789abcdef')
  writeFileSync(join(etc, 'closed'), '0123456789abcdef', { mode: 0o600 })
  mkdirSync(join(io.cwd, 'queue/mapgate'), { recursive: true })
  writeFileSync(
    join(etc, 'mapgate.yaml'),
    `listeners: [{ protocol: socketmap, listen: "unix:${io.cwd}/queue/mapgate/s", group: "4711", mode: "0666" }]
admin: { listen: "inet:127.0.0.1:8466", tokens: [{ token: "\${file:closed}", role: operator }] }
upstreams:
  directory:
    endpoints: ["http://127.0.0.1:8080"]
    headers: { authorization: "Bearer \${file:${etc}/secrets/directory}" }
  learned: { store: { directory: "${io.cwd}/store" } }
tables:
  aliases: { upstream: directory, usedBy: virtual_alias_maps, recipientDelimiter: "", request: { path: "/{key}" }, canary: { key: a@b.example } }
  verify: { upstream: learned }
cacheFile: ${io.cwd}/cache
`,
    { mode: 0o600 },
  )
  expect(await check({}, { ...io, configFolder: etc, unitUser: () => user() })).toBe(1)
  const at = 'etc/mapgate.yaml'
  const chown = 'give the folder to the user that mapgate runs as (chown)'
  expect(io.err().trimEnd().split('\n').sort()).toEqual(
    [
      `${at}:1:1: warning: the service runs as user mapgate, which may not read it; run: chgrp mapgate ${etc}/mapgate.yaml; chmod 0640 ${etc}/mapgate.yaml`,
      `${at}:1:44: listeners[0].listen: warning: "unix:${io.cwd}/queue/mapgate/s": user mapgate may make nothing in ${io.cwd}/queue/mapgate; ${chown}, and check as that user`,
      `${at}:1:95: listeners[0].group: warning: "4711": user mapgate is no member of this group, so it cannot give the socket to it; run: usermod -aG 4711 mapgate, restart mapgate, and check as its user`,
      `${at}:2:59: admin.tokens[0].token: warning: the file closed: the service runs as user mapgate, which may not read it; run: chgrp mapgate ${etc}/closed; chmod 0640 ${etc}/closed`,
      `${at}:6:31: upstreams.directory.headers.authorization: warning: the file ${etc}/secrets/directory: the service runs as user mapgate, which may not look into ${etc}/secrets; write \${credential:secret_directory} in its place, which systemd gives to it (and restart mapgate)`,
      `${at}:7:34: upstreams.learned.store.directory: "${io.cwd}/store": is not there, and user mapgate may make nothing in ${io.cwd}; make it, and ${chown}, and check as that user`,
      `${at}:11:12: cacheFile: warning: "${io.cwd}/cache": user mapgate may make nothing in ${io.cwd}; ${chown}, or use /var/lib/mapgate; until then no answer is kept over a restart`,
    ].sort(),
  )
})

test('nothing is said of a file that the unit does not read', async () => {
  const io = await collectingIo({})
  writeFileSync(
    join(io.cwd, 'mapgate.yaml'),
    'listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:8464" }]\nupstreams: { s: { entries: { a@b.example: c@d.example } } }\ntables: { t: { upstream: s } }\n',
    { mode: 0o600 },
  )
  expect(await check({}, { ...io, configFolder: join(io.cwd, 'etc'), unitUser: () => user() })).toBe(0)
  expect(io.err()).toBe('')
})
