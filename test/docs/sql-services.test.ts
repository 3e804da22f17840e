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

const FOLDER = join(ROOT, 'examples/services/sql')
const TOKEN = 'the-token-of-the-tests-0123'
/** The columns that the statements name, in types that all three have. */
const POSTFIXADMIN = `
CREATE TABLE domain (domain VARCHAR(255), backupmx BOOLEAN, active BOOLEAN);
CREATE TABLE alias (address VARCHAR(255), goto TEXT, domain VARCHAR(255), active BOOLEAN);
CREATE TABLE alias_domain (alias_domain VARCHAR(255), target_domain VARCHAR(255), active BOOLEAN);
CREATE TABLE mailbox (username VARCHAR(255), maildir VARCHAR(255), domain VARCHAR(255), active BOOLEAN);
INSERT INTO domain VALUES ('a.example', FALSE, TRUE), ('other.example', FALSE, TRUE), ('relay.example', TRUE, TRUE), ('old.example', FALSE, FALSE);
INSERT INTO alias VALUES ('sales@a.example', 'bob@a.example,carol@b.example, ', 'a.example', TRUE),
  ('bob@a.example', 'bob@a.example', 'a.example', TRUE), ('@a.example', 'catchall@a.example', 'a.example', TRUE),
  ('info@other.example', 'own@other.example', 'other.example', TRUE), ('info@a.example', 'info@b.example', 'a.example', TRUE),
  ('gone@a.example', 'x@b.example', 'a.example', FALSE);
INSERT INTO alias_domain VALUES ('other.example', 'a.example', TRUE);
INSERT INTO mailbox VALUES ('bob@a.example', 'a.example/bob/', 'a.example', TRUE), ('gone@a.example', 'a.example/gone/', 'a.example', FALSE);
`

const ISPMAIL = `
CREATE TABLE virtual_domains (id INT, name VARCHAR(50));
CREATE TABLE virtual_users (id INT, domain_id INT, email VARCHAR(100));
CREATE TABLE virtual_aliases (id INT, domain_id INT, source VARCHAR(100), destination VARCHAR(100));
INSERT INTO virtual_domains VALUES (1, 'a.example');
INSERT INTO virtual_users VALUES (1, 1, 'bob@a.example');
INSERT INTO virtual_aliases VALUES (1, 1, 'sales@a.example', 'bob@a.example'), (2, 1, 'sales@a.example', 'carol@b.example');
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

async function startGateway(origin: string, replica = ''): Promise<Gateway> {
  const text = (await readFile(join(FOLDER, 'mapgate.yaml'), 'utf8'))
    .replace('http://127.0.0.1:8470', origin)
    .replace('127.0.0.1:8464', '127.0.0.1:0')
    .replace('127.0.0.1:8466', '127.0.0.1:0')
    .replace('    cache: {', `${replica}    cache: {`)
  const load = () => parseConfig(`${text}log: { level: silent }\n`, 'mapgate.yaml', { env: { TOKEN } })
  return Gateway.start({ load, version: 'test' })
}

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
    gateway = await startGateway(origin)
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
    ['domains', 'a.example', 'a.example'],
    ['domains', 'relay.example', undefined],
    ['domains', 'old.example', undefined],
  ])('%s has %s as %s', async (table, key, value) => {
    expect(await ask(gateway, table, key)).toEqual(
      value === undefined ? { kind: 'notfound' } : { kind: 'found', value },
    )
  })

  test('lists every table as its single answers are', async () => {
    const list = (await (await get('/aliases')).json()) as Record<string, string[]>
    expect(list).toEqual({
      '@a.example': ['catchall@a.example'],
      '@other.example': ['catchall@a.example'],
      'bob@a.example': ['bob@a.example'],
      'bob@other.example': ['bob@a.example'],
      'canary@mapgate.invalid': ['present'],
      'info@a.example': ['info@b.example'],
      'info@other.example': ['own@other.example'],
      'sales@a.example': ['bob@a.example', 'carol@b.example'],
      'sales@other.example': ['bob@a.example', 'carol@b.example'],
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
    const gateway = await startGateway(origin)
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
  })

  test('an empty table is not believed', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-sql-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const { url } = await (DATABASES[2] as DatabaseKind).create(folder, ISPMAIL.replaceAll(/INSERT.*/g, ''))
    const [service, origin] = await startService(folder, url, 'ispmail.toml')
    context.onTestFinished(() => void service.kill('SIGKILL'))
    const gateway = await startGateway(origin)
    context.onTestFinished(() => gateway.stop())
    expect((await ask(gateway, 'domains', 'a.example')).kind).toBe('temporary')
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
