/**
 * The SQL service of examples/services/sql as it is, behind a gateway with the configuration beside it, with a real
 * PostgreSQL, MariaDB and SQLite.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LookupResult } from '../../src/core/result.ts'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import { ROOT, run, skipWithout } from '../packaging/run.ts'
import { until } from '../support/postfix/until.ts'
import {
  DATABASES,
  type Database,
  type DatabaseKind,
  NOBODY,
  PASSWORD,
  PYTHON,
  START_MS,
} from './databases.ts'
import { documented, type MAPS } from './postfixadmin-maps.ts'

const FOLDER = join(ROOT, 'examples/services/sql')
const TOKEN = 'the-token-of-the-tests-0123'
/** The columns that the statements name, in types that all three have. */
const POSTFIXADMIN = `
CREATE TABLE domain (domain VARCHAR(255), transport VARCHAR(255), backupmx BOOLEAN, active BOOLEAN);
CREATE TABLE alias (address VARCHAR(255), goto TEXT, domain VARCHAR(255), active BOOLEAN);
CREATE TABLE alias_domain (alias_domain VARCHAR(255), target_domain VARCHAR(255), active BOOLEAN);
CREATE TABLE mailbox (username VARCHAR(255), maildir VARCHAR(255), domain VARCHAR(255), active BOOLEAN);
INSERT INTO domain VALUES ('a.example', 'virtual', FALSE, TRUE), ('other.example', 'virtual', FALSE, TRUE),
  ('relay.example', 'virtual', TRUE, TRUE), ('next.example', 'smtp:[10.0.0.1]', FALSE, TRUE), ('old.example', 'virtual', FALSE, FALSE),
  ('plain.example', 'virtual', FALSE, TRUE), ('second.example', 'virtual', FALSE, TRUE), ('off.example', 'virtual', FALSE, TRUE);
INSERT INTO alias VALUES ('sales@a.example', 'bob@a.example,carol@b.example, ', 'a.example', TRUE),
  ('bob@a.example', 'bob@a.example', 'a.example', TRUE), ('@a.example', 'catchall@a.example', 'a.example', TRUE),
  ('info@other.example', 'own@other.example', 'other.example', TRUE), ('info@a.example', 'info@b.example', 'a.example', TRUE),
  ('gone@a.example', 'x@b.example', 'a.example', FALSE), ('team@relay.example', 'bob@a.example', 'relay.example', TRUE),
  ('team@old.example', 'bob@a.example', 'old.example', TRUE), ('again@other.example', 'x@b.example', 'other.example', FALSE),
  ('again@a.example', 'bob@a.example', 'a.example', TRUE);
INSERT INTO alias_domain VALUES ('other.example', 'a.example', TRUE), ('second.example', 'plain.example', TRUE), ('off.example', 'plain.example', FALSE);
INSERT INTO mailbox VALUES ('bob@a.example', 'a.example/bob/', 'a.example', TRUE), ('gone@a.example', 'a.example/gone/', 'a.example', FALSE),
  ('ann@plain.example', 'plain.example/ann/', 'plain.example', TRUE), ('eve@plain.example', 'plain.example/eve/', 'plain.example', TRUE),
  ('eve@second.example', 'second.example/eve/', 'second.example', TRUE), ('off@plain.example', 'plain.example/off/', 'plain.example', FALSE);
`

const ISPMAIL = `
CREATE TABLE virtual_domains (id INT, name VARCHAR(50));
CREATE TABLE virtual_users (id INT, domain_id INT, email VARCHAR(100));
CREATE TABLE virtual_aliases (id INT, domain_id INT, source VARCHAR(100), destination VARCHAR(100));
INSERT INTO virtual_domains VALUES (1, 'a.example');
INSERT INTO virtual_users VALUES (1, 1, 'bob@a.example');
INSERT INTO virtual_aliases VALUES (1, 1, 'sales@a.example', 'bob@a.example'), (2, 1, 'sales@a.example', 'carol@b.example'),
  (3, 1, '@a.example', 'all@a.example');
`

function missingPython(): string | undefined {
  return existsSync('/usr/lib/python3/dist-packages/sqlalchemy')
    ? undefined
    : 'needs drivers: apt-get install python3-sqlalchemy python3-psycopg2 python3-pymysql'
}

/** Starts the service of the examples. */
async function startService(
  folder: string,
  database: string,
  statements: string,
): Promise<[ChildProcess, string]> {
  for (const file of ['service.py', statements]) await copyFile(join(FOLDER, file), join(folder, file))
  await writeFile(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 })
  await writeFile(join(folder, 'password'), `${PASSWORD}\n`, { mode: 0o600 })
  const settings = (await readFile(join(FOLDER, 'service.toml'), 'utf8'))
    .replace(/^listen = .*/m, 'listen = "127.0.0.1:0"')
    .replace(/^database = .*/m, `database = "${database}"`)
    .replace(/^statements = .*/m, `statements = "${statements}"`)
  await writeFile(join(folder, 'service.toml'), settings)
  const child = spawn(PYTHON, [join(folder, 'service.py'), join(folder, 'service.toml')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  const port = await until(
    'a service that listens',
    async () => /listening on port (\d+)/.exec(output)?.[1],
    START_MS,
  )
  return [child, `http://127.0.0.1:${port}`]
}

/** The configuration of the examples, with the paths of a test in the place of the package's. */
async function startGateway(origin: string, folder: string, name = 'mapgate.yaml'): Promise<Gateway> {
  await writeFile(join(folder, 'secret_sql'), `${TOKEN}\n`)
  const text = (await readFile(join(FOLDER, name), 'utf8'))
    .replace('http://127.0.0.1:8470', origin)
    .replace('127.0.0.1:8464', '127.0.0.1:0')
    .replace('127.0.0.1:8466', '127.0.0.1:0')
    .replace('/etc/mapgate/admin.token', join(folder, 'token'))
    .replace('/var/lib/mapgate/cache', join(folder, 'cache'))
    .replaceAll(/^ {2}# (transports:| {2}(?:usedBy: \[transport|domains: \{ table: known))/gm, '  $1')
  const env = { CREDENTIALS_DIRECTORY: folder }
  const load = () => parseConfig(`${text}log: { level: silent }\n`, name, { env })
  return Gateway.start({ load, version: 'test' })
}

/** The table of mapgate.yaml for each parameter that the documentation has maps for. */
const TABLE_OF = {
  virtual_alias_maps: 'aliases',
  virtual_mailbox_maps: 'mailboxes',
  virtual_mailbox_domains: 'domains',
  relay_domains: 'relay_domains',
  transport_maps: 'transports',
} as const

const USERS = ['sales', 'bob', 'gone', 'again', 'info', 'ann', 'eve', 'off', 'team', 'none', "o'brien"]
const DOMAINS = 'a other relay next old plain second off strange'.split(' ').map((name) => `${name}.example`)

/** Keys that Postfix asks for: every user in every domain, some with an extension. */
function keysFor(table: string): readonly string[] {
  if (table.endsWith('domains')) return DOMAINS
  const users = table === 'transports' ? ['none'] : [...USERS, 'bob+news', 'ann+news', 'none+news']
  return DOMAINS.filter(
    // virtual_mailbox_maps is asked for domains in virtual_mailbox_domains only.
    (domain) => table !== 'mailboxes' || !/^(?:relay|next|old|strange)/.test(domain),
  ).flatMap((domain) => users.map((user) => `${user}@${domain}`))
}

/** What README.md says: Postfixadmin's third file gives the catch-all of the target domain what has an extension. */
const DELIBERATE = [
  ['virtual_alias_maps', 'bob+news@other.example', 'catchall@a.example', 'bob+news@a.example'],
]

async function ask(gateway: Gateway, table: string, key: string): Promise<LookupResult> {
  return gateway.lookup({ protocol: 'socketmap', table, key: Buffer.from(key) })
}

describe.each(DATABASES)('Postfixadmin in $name', (kind) => {
  let folder: string
  let database: Database
  let service: ChildProcess
  let origin: string
  let gateway: Gateway

  beforeAll(async () => {
    if ((kind.missing() ?? missingPython()) !== undefined) return
    folder = await mkdtemp(join(tmpdir(), 'mapgate-sql-'))
    await chown(folder, NOBODY.uid, NOBODY.gid)
    database = await kind.create(folder, POSTFIXADMIN)
    ;[service, origin] = await startService(folder, database.url, 'postfixadmin.toml')
    gateway = await startGateway(origin, folder)
  }, START_MS)

  afterAll(async () => {
    if (folder === undefined) return
    await gateway.stop()
    service.kill('SIGKILL')
    await database.stop()
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach((context) => skipWithout(context, kind.missing() ?? missingPython()))

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(origin + path, { headers: { authorization: `Bearer ${TOKEN}`, ...headers } })

  test.each<[table: string, key: string, value: string | undefined]>([
    ['aliases', 'Sales@a.example', 'bob@a.example, carol@b.example'],
    ['aliases', 'bob+news@a.example', 'bob+news@a.example'],
    ['aliases', 'nobody@a.example', 'catchall@a.example'],
    ['aliases', 'sales@other.example', 'bob@a.example, carol@b.example'],
    ['aliases', 'info@other.example', 'own@other.example'],
    ['aliases', "o'brien@relay.example", undefined],
    ['mailboxes', 'bob@a.example', 'a.example/bob/'],
    ['mailboxes', 'gone@a.example', undefined],
    ['aliases', 'team@relay.example', 'bob@a.example'],
    // A mailbox without a row in alias, asked for in an alias domain.
    ['mailboxes', 'ann@second.example', 'plain.example/ann/'],
    ['mailboxes', 'eve@second.example', 'second.example/eve/'],
    ['mailboxes', 'ann@off.example', undefined],
    ['domains', 'a.example', 'a.example'],
    ['domains', 'relay.example', undefined],
    ['relay_domains', 'relay.example', 'relay.example'],
    ['relay_domains', 'next.example', 'next.example'],
    ['transports', 'x@next.example', 'smtp:[10.0.0.1]'],
    ['transports', 'x@a.example', ':'],
    ['domains', 'old.example', undefined],
  ])('%s has %s as %s', async (table, key, value) => {
    expect(await ask(gateway, table, key)).toEqual(
      value === undefined ? { kind: 'notfound' } : { kind: 'found', value },
    )
  })

  test('answers every key as Postfix is answered with the map files of the documentation of Postfixadmin', async () => {
    const asked = Object.entries(TABLE_OF).flatMap(([parameter, table]) =>
      keysFor(table).map((key) => [parameter as keyof typeof MAPS, key] as const),
    )
    const values = await documented(kind.name, database.url, asked)
    const differences = []
    for (const [index, [parameter, key]] of asked.entries()) {
      const result = await ask(gateway, TABLE_OF[parameter], key)
      const value = result.kind === 'found' ? result.value : result.kind
      if (value !== (values[index] ?? 'notfound')) differences.push([parameter, key, values[index], value])
    }
    expect(differences).toEqual(DELIBERATE)
    expect(values.filter((value) => value !== undefined).length).toBeGreaterThan(20)
  })

  test('lists every table as its single answers are', async () => {
    for (const table of ['mailboxes', 'domains', 'relay_domains', 'known_domains', 'transports']) {
      const entries = Object.entries((await (await get(`/${table}`)).json()) as Record<string, string[]>)
      expect(entries.length).toBeGreaterThan(1)
      for (const [key, values] of entries) {
        const single = await get(`/${table}/${encodeURIComponent(key)}`)
        expect([table, key, await single.json()]).toEqual([table, key, { values }])
      }
    }
    const list = (await (await get('/aliases')).json()) as Record<string, string[]>
    expect(list).toEqual({
      '@a.example': ['catchall@a.example'],
      '@other.example': ['catchall@a.example'],
      'again@a.example': ['bob@a.example'],
      'again@other.example': ['bob@a.example'],
      'bob@a.example': ['bob@a.example'],
      'bob@other.example': ['bob@a.example'],
      'canary@mapgate.invalid': ['present'],
      'info@a.example': ['info@b.example'],
      'info@other.example': ['own@other.example'],
      'sales@a.example': ['bob@a.example', 'carol@b.example'],
      'sales@other.example': ['bob@a.example', 'carol@b.example'],
      'team@old.example': ['bob@a.example'],
      'team@relay.example': ['bob@a.example'],
    })
    for (const [key, values] of Object.entries(list)) {
      const single = await get(`/aliases/${encodeURIComponent(key)}`)
      expect([key, await single.json()]).toEqual([key, { values }])
    }
  })

  test('says that a list is unchanged', async () => {
    const first = await get('/mailboxes')
    expect(first.status).toBe(200)
    const again = await get('/mailboxes', { 'if-none-match': first.headers.get('etag') ?? '' })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test('never says 404 for what is no unknown key', async () => {
    expect((await get('/aliases/sales@a.example', { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await get('/alias/sales@a.example')).status).toBe(400)
    expect((await get('/aliases/a/b')).status).toBe(400)
    expect((await get('/')).status).toBe(400)
  })

  test.each([
    "' OR '1'='1",
    '%',
    'a\u0000b',
    '%ff',
    `${'x'.repeat(600)}@a.example`,
    '"; DROP TABLE alias; --',
  ])('takes %j for a key and nothing else', async (key) => {
    const path = key === '%ff' ? '/mailboxes/%ff' : `/mailboxes/${encodeURIComponent(key)}`
    expect((await get(path)).status).toBe(404)
  })

  test(
    'without the database it does not know, and it knows again when the database is back',
    async () => {
      await database.stop()
      expect((await get('/mailboxes/new@a.example')).status).toBe(503)
      expect((await get('/mailboxes')).status).toBe(503)
      expect((await ask(gateway, 'mailboxes', 'new@a.example')).kind).toBe('temporary')
      await database.start()
      expect((await get('/mailboxes/bob@a.example')).status).toBe(200)
      await until('an answer', async () =>
        (await ask(gateway, 'mailboxes', 'new@a.example')).kind === 'notfound' ? true : undefined,
      )
    },
    START_MS,
  )
})

describe('the SQL service', () => {
  beforeEach((context) => skipWithout(context, missingPython()))

  test('has the tables of the ISPmail tutorial', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-sql-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const { url } = await (DATABASES[2] as DatabaseKind).create(folder, ISPMAIL)
    const [service, origin] = await startService(folder, url, 'ispmail.toml')
    context.onTestFinished(() => void service.kill('SIGKILL'))
    const gateway = await startGateway(origin, folder, 'mapgate-ispmail.yaml')
    context.onTestFinished(() => gateway.stop())
    expect(await ask(gateway, 'aliases', 'sales@a.example')).toEqual({
      kind: 'found',
      value: 'bob@a.example, carol@b.example',
    })
    expect(await ask(gateway, 'mailboxes', 'bob@a.example')).toEqual({
      kind: 'found',
      value: 'bob@a.example',
    })
    expect(await ask(gateway, 'domains', 'b.example')).toEqual({ kind: 'notfound' })
    // The tutorial has email2email.cf for it: a catch-all does not take the mail of a mailbox.
    expect(await ask(gateway, 'aliases', 'bob@a.example')).toEqual({ kind: 'found', value: 'bob@a.example' })
    expect(await ask(gateway, 'aliases', 'none@a.example')).toEqual({ kind: 'found', value: 'all@a.example' })
    const list = await fetch(`${origin}/aliases`, { headers: { authorization: `Bearer ${TOKEN}` } })
    expect(await list.json()).toEqual({
      '@a.example': ['all@a.example'],
      'bob@a.example': ['bob@a.example'],
      'canary@mapgate.invalid': ['present'],
      'sales@a.example': ['bob@a.example', 'carol@b.example'],
    })
  })

  test('an empty table is not believed', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-sql-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const { url } = await (DATABASES[2] as DatabaseKind).create(
      folder,
      ISPMAIL.replaceAll(/INSERT[^;]*;/g, ''),
    )
    const [service, origin] = await startService(folder, url, 'ispmail.toml')
    context.onTestFinished(() => void service.kill('SIGKILL'))
    const gateway = await startGateway(origin, folder, 'mapgate-ispmail.yaml')
    context.onTestFinished(() => gateway.stop())
    expect((await ask(gateway, 'domains', 'a.example')).kind).toBe('temporary')
  })

  test('a server with mailboxes and no alias is answered', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-sql-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const schema = POSTFIXADMIN.replace(/INSERT INTO alias VALUES[^;]*;/, '')
    const { url } = await (DATABASES[2] as DatabaseKind).create(folder, schema)
    const [service, origin] = await startService(folder, url, 'postfixadmin.toml')
    context.onTestFinished(() => void service.kill('SIGKILL'))
    const gateway = await startGateway(origin, folder)
    context.onTestFinished(() => gateway.stop())
    expect(await ask(gateway, 'aliases', 'bob@a.example')).toEqual({ kind: 'notfound' })
    const list = await fetch(`${origin}/aliases`, { headers: { authorization: `Bearer ${TOKEN}` } })
    expect(await list.json()).toEqual({ 'canary@mapgate.invalid': ['present'] })
  })

  test('a token that others can read is refused, with what to do', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-sql-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const [service] = await startService(folder, 'sqlite:///none.db', 'ispmail.toml')
    service.kill('SIGKILL')
    await chmod(join(folder, 'token'), 0o644)
    const { status, stderr } = await run(PYTHON, [join(folder, 'service.py'), join(folder, 'service.toml')])
    const token = join(folder, 'token')
    expect([status, stderr]).toEqual([1, `${token}: others can read it; chmod 0600 ${token}\n`])
    // Nor was a database made that was not there.
    expect(existsSync(join(folder, 'none.db'))).toBe(false)
  })
})
