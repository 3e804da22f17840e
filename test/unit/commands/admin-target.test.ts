/**
 * Where the commands find the gateway, and with which token.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readAdminSection } from '../../../src/commands/admin-section.ts'
import { type AdminTarget, findAdmin } from '../../../src/commands/admin-target.ts'
import { recordIo } from '../../support/gateway/command-io.ts'

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/** Looks in a folder with these files, with these options and environment. */
async function find(
  options: Parameters<typeof findAdmin>[0],
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<AdminTarget> {
  return findAdmin(options, recordIo({ env, cwd: await folderWith(files) }), readAdminSection)
}

const FILE = `
admin:
  listen: inet:127.0.0.1:9000
  tokens:
    - { token: a-token-to-read-with, role: viewer }
    - { token: "\${file:operator}", role: operator }
`

describe('the address', () => {
  test('without anything it is where the examples have it', async () => {
    expect(await find({})).toMatchObject({
      shown: 'http://127.0.0.1:8466',
      pathPrefix: '',
      from: 'the default address',
    })
  })

  test('--admin counts before everything else', async () => {
    const options = { admin: 'http://a.example:1/', config: 'mapgate.yaml' }
    const found = await find(options, { MAPGATE_ADMIN: 'http://b.example:2' }, { 'mapgate.yaml': FILE })
    expect(found).toMatchObject({ origin: 'http://a.example:1', pathPrefix: '', from: '--admin' })
  })

  test('-c counts before the environment, the environment before a default file', async () => {
    const env = { MAPGATE_ADMIN: 'http://b.example:2' }
    const files = { 'mapgate.yaml': FILE, operator: 'x' }
    expect((await find({ config: 'mapgate.yaml' }, env, files)).shown).toBe('http://127.0.0.1:9000')
    expect((await find({}, env, files)).shown).toBe('http://b.example:2')
    expect((await find({}, {}, files)).shown).toBe('http://127.0.0.1:9000')
  })

  test('a unix socket is a path', async () => {
    expect(await find({ admin: 'unix:/run/mapgate/admin' })).toMatchObject({
      shown: 'unix:/run/mapgate/admin',
      socketPath: '/run/mapgate/admin',
      origin: 'http://localhost',
    })
  })

  test('a path before /api is kept for a proxy', async () => {
    expect(await find({ admin: 'https://mail.example/mapgate/' })).toMatchObject({
      origin: 'https://mail.example',
      pathPrefix: '/mapgate',
      shown: 'https://mail.example/mapgate',
    })
  })

  for (const admin of ['127.0.0.1:8466', 'ftp://a.example', 'unix:', 'nonsense']) {
    test(`${admin} is a wrong command line`, async () => {
      await expect(find({ admin })).rejects.toMatchObject({ exitCode: 64 })
    })
  }

  test('a password in the address is refused without showing it', async () => {
    await expect(find({ admin: 'http://joe:geheim@a.example' })).rejects.toMatchObject({
      exitCode: 64,
      message: expect.not.stringContaining('geheim'),
    })
  })
})

describe('the token', () => {
  test('comes from the environment, and from --token-file before it', async () => {
    const env = { MAPGATE_TOKEN: 'from-env' }
    const admin = 'http://a.example'
    expect((await find({ admin }, env)).token).toBe('from-env')
    expect((await find({ admin, tokenFile: 't' }, env, { t: 'from-file\n' })).token).toBe('from-file')
    expect((await find({ admin }, { MAPGATE_TOKEN: '' })).token).toBeUndefined()
  })

  test('comes from the configuration, an operator’s first', async () => {
    const found = await find({}, {}, { 'mapgate.yaml': FILE, operator: 'a-token-to-change-with\n' })
    expect(found.token).toBe('a-token-to-change-with')
  })

  test('one that this person may not read is left out', async () => {
    expect((await find({}, {}, { 'mapgate.yaml': FILE })).token).toBe('a-token-to-read-with')
  })

  test('that is given goes to the address of a file only when that was named', async () => {
    const env = { MAPGATE_TOKEN: 'from-env' }
    const files = { 'mapgate.yaml': FILE, t: 'from-file', operator: 'x' }
    expect((await find({}, env, files)).token).toBe('x')
    expect((await find({ tokenFile: 't' }, {}, files)).token).toBe('x')
    expect((await find({ config: 'mapgate.yaml' }, env, files)).token).toBe('from-env')
  })

  test('that is given does not go to the default address, where any user may listen', async () => {
    const io = recordIo({ env: { MAPGATE_TOKEN: 'from-env' }, cwd: await folderWith({}) })
    const noFile = async () => undefined
    expect(await findAdmin({}, io, noFile)).not.toHaveProperty('token')
    expect(io.err()).toBe(
      'mapgate: the given token is not sent to the default address http://127.0.0.1:8466, which was not named; add --admin http://127.0.0.1:8466\n',
    )
    expect((await findAdmin({ admin: 'http://127.0.0.1:8466' }, io, noFile)).token).toBe('from-env')
  })

  test('of a configuration never goes to another address', async () => {
    const files = { 'mapgate.yaml': FILE, operator: 'x' }
    expect((await find({ admin: 'http://a.example' }, {}, files)).token).toBeUndefined()
  })

  for (const [name, text] of [
    ['missing', undefined],
    ['empty', '\n'],
    ['two lines', 'a\nb'],
    ['not ASCII', 'tökn'],
  ] as const) {
    test(`a token file that is ${name} is refused without showing it`, async () => {
      const files: Record<string, string> = text === undefined ? {} : { t: text }
      await expect(find({ tokenFile: 't' }, {}, files)).rejects.toMatchObject({
        exitCode: 64,
        message: expect.stringMatching(
          /^--token-file t: (cannot be read: there is no such file|expected one line)/,
        ),
      })
    })
  }
})

describe('the admin section', () => {
  const addresses: [written: string, asked: string][] = [
    ['listen: inet:0.0.0.0:9000', 'http://127.0.0.1:9000'],
    ['listen: "inet:[::]:9000"', 'http://[::1]:9000'],
    ['listen: inet:mail.example:9000', 'http://mail.example:9000'],
    ['listen: unix:/run/admin', 'unix:/run/admin'],
    ['listen: inet:127.0.0.1:9000, tls: { cert: c, key: k }', 'https://127.0.0.1:9000'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration
    ['listen: "inet:127.0.0.1:${env:PORT}"', 'http://127.0.0.1:9123'],
  ]
  for (const [written, asked] of addresses) {
    test(`${written} is asked at ${asked}`, async () => {
      const found = await find({}, { PORT: '9123' }, { 'mapgate.yaml': `admin: { ${written} }` })
      expect(found.shown).toBe(asked)
      expect(found.token).toBeUndefined()
    })
  }

  const certificates: [written: string, any: true | undefined][] = [
    ['listen: inet:0.0.0.0:9000, tls: { cert: c, key: k }', true],
    ['listen: "inet:[::1]:9000", tls: { cert: c, key: k }', true],
    ['listen: inet:127.0.0.1:9000', undefined],
    ['listen: inet:127.example:9000, tls: { cert: c, key: k }', undefined],
    ['listen: inet:192.0.2.1:9000, tls: { cert: c, key: k }', undefined],
  ]
  for (const [written, any] of certificates) {
    test(`${written}: ${any ? 'any certificate will do, nobody is between' : 'a certificate is checked'}`, async () => {
      const found = await find({}, {}, { 'mapgate.yaml': `admin: { ${written} }` })
      expect(found.anyCertificate).toBe(any)
    })
  }

  test('an address that was typed has its certificate checked, on loopback too', async () => {
    expect((await find({ admin: 'https://127.0.0.1:9000' })).anyCertificate).toBeUndefined()
  })

  const bad: [text: string, exitCode: number, why: string][] = [
    ['listeners: []', 78, 'has no admin section'],
    ['admin: {}', 78, 'admin.listen cannot be read'],
    ['admin: { listen: "inet:127.0.0.1:$' + '{env:NONE}" }', 78, 'admin.listen cannot be read'],
    ['admin: { listen: 127.0.0.1 }', 78, 'admin.listen: expected inet:HOST:PORT'],
    ['admin: { listen: systemd:admin }', 78, 'a socket of systemd'],
    ['a: [', 78, 'is no YAML map'],
  ]
  for (const [text, exitCode, why] of bad) {
    test(`${text} is refused: ${why}`, async () => {
      await expect(find({}, {}, { 'mapgate.yaml': text })).rejects.toMatchObject({
        exitCode,
        message: expect.stringContaining(why),
      })
    })
  }

  test('a named file that is not there is a wrong command line', async () => {
    await expect(find({ config: 'no.yaml' })).rejects.toMatchObject({
      exitCode: 64,
      message: 'no.yaml: cannot be read (ENOENT); give the address with --admin',
    })
  })
})
