import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { check } from '../../../src/commands/check/check.ts'
import { FIRST_FILE, init } from '../../../src/commands/init/init.ts'
import { schema, schemaText } from '../../../src/commands/schema/schema.ts'
import { collectingIo } from './collecting-io.ts'

const GOOD = `listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:8464" }]
upstreams: { s: { entries: { a: b } } }
tables: { t: { upstream: s } }
`

describe('check', () => {
  test('says that a good file is fine, with what is in it, and exits with 0', async () => {
    const io = await collectingIo()
    await writeFile(join(io.cwd, 'mapgate.yaml'), GOOD)
    expect(await check({}, io)).toBe(0)
    expect(io.out()).toBe('mapgate.yaml: fine: 1 table, 1 upstream, 1 listener\n')
    expect(io.err()).toBe('')
  })

  test('prints every problem with the name of the file as given, and exits with 1', async () => {
    const io = await collectingIo()
    await mkdir(join(io.cwd, 'sub'))
    await writeFile(join(io.cwd, 'sub/a.yaml'), `${GOOD}cachefile: x\nreload: never\n`)
    expect(await check({ config: 'sub/a.yaml' }, io)).toBe(1)
    expect(io.out()).toBe('')
    expect(io.err()).toBe(
      'sub/a.yaml:4:1: unknown key "cachefile"; did you mean "cacheFile"\n' +
        'sub/a.yaml:5:9: reload: "never" is not known, must be manual or watch\n',
    )
  })

  test('prints warnings, counts them, and still exits with 0', async () => {
    const io = await collectingIo()
    await writeFile(
      join(io.cwd, 'mapgate.yaml'),
      GOOD.replace('upstream: s', 'upstream: s, usedBy: alias_maps'),
    )
    expect(await check({}, io)).toBe(0)
    expect(io.err()).toBe(
      'mapgate.yaml:3:37: tables.t.usedBy: warning: alias_maps cannot use this table: local(8) refuses every table that a server answers; use a local file\n',
    )
    expect(io.out()).toBe('mapgate.yaml: fine: 1 table, 1 upstream, 1 listener, 1 warning\n')
  })

  describe('whenUnknown without a canary', () => {
    const warned = async (table: string) => {
      const io = await collectingIo()
      await writeFile(
        join(io.cwd, 'mapgate.yaml'),
        `listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:8464" }]
upstreams: { s: { endpoints: ["http://127.0.0.1:8080"] } }
tables: { denied: { upstream: s, ${table} } }
defaults: { table: { request: { path: "/{key}" }, usedBy: check_sender_access } }
`,
      )
      expect(await check({}, io)).toBe(0)
      return io.err()
    }

    test('is told to have one, since a key that fails alone would pass', async () => {
      expect(await warned('whenUnknown: notFound')).toBe(
        'mapgate.yaml:3:47: tables.denied.whenUnknown: warning: needs a canary: without one mapgate cannot tell an outage from one key that fails, and whoever sends such a key may pass unchecked; add canary: { key: ... } with a key that the service always has\n',
      )
      expect(await warned('whenUnknown: notFound, canary: { key: b.example }')).toBe('')
    })

    test('is not, where a question could not be asked again and again', async () => {
      expect(await warned('whenUnknown: notFound, sideEffects: true')).toBe('')
    })
  })

  test('says what an outage would stop and what to write, which is no problem', async () => {
    const io = await collectingIo()
    await writeFile(
      join(io.cwd, 'mapgate.yaml'),
      `listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:8464" }]
upstreams: { s: { endpoints: ["http://127.0.0.1:8080"] }, fixed: { entries: { a: b } } }
tables:
  logins: { upstream: s, request: { path: "/{key}" }, usedBy: smtpd_sender_login_maps, domains: [b.example], canary: { key: a@b.example } }
  denied: { upstream: s, request: { path: "/{key}" }, usedBy: check_sender_access }
  fixed: { upstream: fixed }
`,
    )
    expect(await check({}, io)).toBe(0)
    expect(io.out()).toBe(
      'mapgate.yaml: fine: 3 tables, 2 upstreams, 1 listener\n' +
        'in an outage, tables.logins: mail from addresses whose owner was not asked for before waits, and has to (docs/resilience.md)\n' +
        'in an outage, tables.denied: mail that is on no list waits, unless you write canary: { key: ... } and whenUnknown: notFound, if who is not on it may pass unchecked\n',
    )
    expect(io.err()).toBe('')
  })

  test('checks JSONPaths by the library that will use them', async () => {
    const io = await collectingIo()
    await writeFile(
      join(io.cwd, 'mapgate.yaml'),
      GOOD.replace('upstream: s', 'upstream: s, response: { value: "$.a[?" }'),
    )
    expect(await check({}, io)).toBe(1)
    expect(io.err()).toMatch(
      /^mapgate\.yaml:3:48: tables\.t\.response\.value: is not a JSONPath \(RFC 9535\): /,
    )
  })

  test('takes variables from the surroundings, and files from beside the configuration', async () => {
    const io = await collectingIo({ CACHE: '/var/cache/mapgate' })
    await writeFile(join(io.cwd, 'key'), 'a-secret-of-16-chars\n')
    await writeFile(
      join(io.cwd, 'mapgate.yaml'),
      `${GOOD}cacheFile: "\${env:CACHE}"\nlog: { hashKey: "\${file:key}" }\n`,
    )
    expect(await check({}, io)).toBe(0)
  })

  test('tells that a named file is not there', async () => {
    const io = await collectingIo()
    expect(await check({ config: 'none.yaml' }, io)).toBe(1)
    expect(io.err()).toBe('none.yaml:1:1: cannot be read: there is no such file\n')
  })

  for (const [known, code] of [
    [true, 0],
    [false, 1],
  ] as const) {
    test(`exits with ${code} when asking with --ask ${known ? 'succeeds' : 'fails'}`, async () => {
      const io = await collectingIo()
      await writeFile(join(io.cwd, 'mapgate.yaml'), GOOD)
      expect(await check({ ask: true }, io, async (config) => known && config.tables.has('t'))).toBe(code)
      expect(await check({}, io, async () => false)).toBe(0)
    })
  }
})

describe('init', () => {
  test('writes a first file that check finds fine', async () => {
    const io = await collectingIo()
    expect(await init(io)).toBe(0)
    expect(await readFile(join(io.cwd, 'mapgate.yaml'), 'utf8')).toBe(FIRST_FILE)
    expect((await stat(join(io.cwd, 'mapgate.yaml'))).mode & 0o007).toBe(0)
    expect(await check({}, io)).toBe(0)
    expect(io.out()).toContain('wrote ./mapgate.yaml')
  })

  test('leaves a file that is there as it is', async () => {
    const io = await collectingIo()
    await writeFile(join(io.cwd, 'mapgate.yaml'), 'mine')
    await expect(init(io)).rejects.toThrow(
      './mapgate.yaml is already there and stays as it is; remove it first',
    )
    expect(await readFile(join(io.cwd, 'mapgate.yaml'), 'utf8')).toBe('mine')
  })

  test('tells that the folder cannot be written', async () => {
    const io = await collectingIo()
    await expect(init({ ...io, cwd: join(io.cwd, 'none') })).rejects.toThrow(
      './mapgate.yaml cannot be written (ENOENT)',
    )
  })
})

describe('schema', () => {
  test('prints the JSON Schema and nothing else', async () => {
    const io = await collectingIo()
    expect(schema(io)).toBe(0)
    expect(io.out()).toBe(schemaText())
    expect(JSON.parse(io.out())).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
    })
  })

  test('holds no keyword that is not of JSON Schema', () => {
    expect(schemaText()).not.toMatch(
      /"(duration|size|expected|defaultText|secret|partOf)": (true|"|\{ *"min)/,
    )
  })
})
