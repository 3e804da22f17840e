/**
 * Root's commands read the secrets of the service, also one that it gets only at its next start, and say so.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readAdminSection } from '../../../src/commands/admin-section.ts'
import { check } from '../../../src/commands/check/check.ts'
import { printMainCf } from '../../../src/commands/main-cf/main-cf.ts'
import { type CollectingIo, collectingIo } from './collecting-io.ts'

const RESTART =
  'systemd gives credentials to the service when it starts: systemctl restart mapgate, a reload is not enough'

const CONFIG = `listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:8464" }]
admin:
  listen: inet:127.0.0.1:8466
  tokens: [{ token: "\${credential:secret_admin}", role: operator }]
upstreams: { s: { entries: { a@b.example: c@d.example } } }
tables: { aliases: { upstream: s, usedBy: [virtual_alias_maps], recipientDelimiter: "" } }
`

interface Machine extends CollectingIo {
  readonly running: (name: string, text: string) => Promise<void>
  readonly secret: (name: string, text: string) => Promise<void>
}

/** @param isRunning Whether systemd has started the service. */
async function machine(isRunning: boolean, env: Readonly<Record<string, string>> = {}): Promise<Machine> {
  const io = await collectingIo(env)
  const configFolder = join(io.cwd, 'etc')
  const unitCredentials = join(io.cwd, 'run')
  await mkdir(join(configFolder, 'secrets'), { recursive: true })
  if (isRunning) await mkdir(unitCredentials)
  await writeFile(join(configFolder, 'mapgate.yaml'), CONFIG, { mode: 0o640 })
  return {
    ...io,
    configFolder,
    unitCredentials,
    unitUser: async () => undefined,
    running: (name, text) => writeFile(join(unitCredentials, name), text),
    secret: (name, text) => writeFile(join(configFolder, 'secrets', name), text),
  }
}

const AT = 'etc/mapgate.yaml:4:21: admin.tokens[0].token'
const FINE = 'etc/mapgate.yaml: fine: 1 table, 1 upstream, 1 listener'

test('a secret that the service has is read without a word', async () => {
  const io = await machine(true)
  await io.secret('admin', '0123456789abcdef\n')
  await io.running('secret_admin', '0123456789abcdef\n')
  expect(await check({}, io)).toBe(0)
  expect(io.err()).toBe('')
  expect(io.out()).toBe(`${FINE}\n`)
})

test('one that lies in the folder of secrets and not in the service is read, and a restart is asked for', async () => {
  const io = await machine(true)
  await io.secret('admin', '0123456789abcdef\n')
  expect(await check({}, io)).toBe(0)
  expect(io.err()).toBe(
    `${AT}: warning: the running service does not have the credential secret_admin yet: ${RESTART}\n`,
  )
  expect(await readAdminSection(undefined, io)).toMatchObject({ token: '0123456789abcdef' })
})

test('main-cf needs no running service', async () => {
  const io = await machine(false)
  await io.secret('admin', '0123456789abcdef\n')
  expect(await printMainCf({}, io)).toBe(0)
  expect(io.out()).toContain('virtual_alias_maps = socketmap:inet:127.0.0.1:8464:aliases')
  expect(io.err()).toBe('')
})

test('of one that was changed, check takes the new one, and what asks the running gateway the old one', async () => {
  const io = await machine(true)
  await io.secret('admin', 'new-0123456789abcdef\n')
  await io.running('secret_admin', 'old-0123456789abcdef\n')
  expect(await check({}, io)).toBe(0)
  expect(io.err()).toBe(
    `${AT}: warning: the running service still has the credential secret_admin as ${join(io.cwd, 'etc/secrets/admin')} was when it started: ${RESTART}\n`,
  )
  expect(await readAdminSection(undefined, io)).toMatchObject({ token: 'old-0123456789abcdef' })
})

test('one that is nowhere is told with both ways to give it', async () => {
  const io = await machine(false)
  expect(await check({}, io)).toBe(1)
  expect(io.err()).toBe(
    `${AT}: the credential secret_admin cannot be read: $CREDENTIALS_DIRECTORY is not set, and there is no ${join(io.cwd, 'etc/secrets/admin')}; write it, or start with LoadCredential=secret_admin:PATH of systemd\n`,
  )
})

test('a folder of secrets that this user may not read is told', async () => {
  const io = await machine(false)
  // A folder in the place of the file: root may read everything else.
  await mkdir(join(io.cwd, 'etc/secrets/admin'))
  expect(await check({}, io)).toBe(1)
  expect(io.err()).toContain(
    `${AT}: the credential secret_admin cannot be read: ${join(io.cwd, 'etc/secrets/admin')}: `,
  )
  expect(io.err()).toContain('; run the command as root\n')
})

test('the service reads its own folder only, and says that a reload does not fill it', async () => {
  const io = await machine(true)
  await io.secret('admin', '0123456789abcdef\n')
  const service = { ...io, env: { CREDENTIALS_DIRECTORY: join(io.cwd, 'run') } }
  expect(await check({}, service)).toBe(1)
  expect(io.err()).toBe(
    `${AT}: the credential secret_admin cannot be read: there is no such file in $CREDENTIALS_DIRECTORY; ${RESTART}\n`,
  )
  await rm(join(io.cwd, 'etc/secrets/admin'))
  await io.running('secret_admin', '0123456789abcdef\n')
  expect(await check({}, service)).toBe(0)
})
