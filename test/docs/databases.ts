/**
 * PostgreSQL, MariaDB and SQLite, each started for a test with the tables it needs.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { run, runOk } from '../packaging/run.ts'
import { until } from '../support/postfix/until.ts'
import { freePort } from '../support/programs/free-port.ts'

export const PYTHON = '/usr/bin/python3'
const POSTGRES = '/usr/lib/postgresql/15/bin'
export const PASSWORD = "pass'word %40"
/** Databases refuse to run as root. */
export const NOBODY = { uid: 65_534, gid: 65_534 }
/** A database of its own and a service, on a busy machine, ms. */
export const START_MS = 60_000

/** A database with these tables, that can be stopped and started again. */
export interface Database {
  readonly url: string
  start(): Promise<void>
  stop(): Promise<void>
}

export interface DatabaseKind {
  readonly name: string
  readonly missing: () => string | undefined
  create(folder: string, schema: string): Promise<Database>
}

/** A server that runs as nobody until it is stopped. */
function serverProcess(program: string, args: readonly string[]): Pick<Database, 'start' | 'stop'> {
  let child: ChildProcess | undefined
  return {
    async start() {
      child = spawn(program, args, { ...NOBODY, stdio: 'ignore' })
      await once(child, 'spawn')
    },
    async stop() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function ready(probe: () => Promise<{ readonly status: number | null }>): Promise<void> {
  await until(
    'a database that answers',
    async () => ((await probe()).status === 0 ? true : undefined),
    START_MS,
  )
}

export const DATABASES: readonly DatabaseKind[] = [
  {
    name: 'PostgreSQL',
    missing: () => (existsSync(POSTGRES) ? undefined : 'needs postgresql: apt-get install postgresql-15'),
    async create(folder, schema) {
      const data = join(folder, 'data')
      await runAs(`${POSTGRES}/initdb`, [
        '-D',
        data,
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C.UTF-8',
        '--no-sync',
      ])
      await runAs('sh', [
        '-c',
        `echo "host mail mapgate 127.0.0.1/32 scram-sha-256" > ${data}/hba.new && cat ${data}/pg_hba.conf >> ${data}/hba.new && mv ${data}/hba.new ${data}/pg_hba.conf`,
      ])
      const port = await freePort()
      const server = serverProcess(`${POSTGRES}/postgres`, [
        '-D',
        data,
        '-k',
        folder,
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-F',
      ])
      const psql = (database: string, sql: string) =>
        run('psql', [
          '-h',
          folder,
          '-p',
          String(port),
          '-U',
          'postgres',
          '-d',
          database,
          '-v',
          'ON_ERROR_STOP=1',
          '-c',
          sql,
        ])
      const start = async (): Promise<void> => {
        await server.start()
        await ready(() => psql('postgres', 'SELECT 1'))
      }
      await start()
      await psql('postgres', 'CREATE DATABASE mail')
      const { status, stderr } = await psql(
        'mail',
        `${schema} CREATE ROLE mapgate LOGIN PASSWORD '${PASSWORD.replace("'", "''")}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO mapgate`,
      )
      expect([status, stderr]).toEqual([0, ''])
      return { url: `postgresql://mapgate@127.0.0.1:${port}/mail`, start, stop: () => server.stop() }
    },
  },
  {
    name: 'MariaDB',
    missing: () =>
      existsSync('/usr/sbin/mariadbd')
        ? undefined
        : 'needs mariadb: apt-get install mariadb-server-core mariadb-client-core',
    async create(folder, schema) {
      const data = join(folder, 'data')
      const socket = join(folder, 'socket')
      await runAs('mariadb-install-db', [
        '--no-defaults',
        `--datadir=${data}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
      ])
      const port = await freePort()
      const server = serverProcess('/usr/sbin/mariadbd', [
        '--no-defaults',
        `--datadir=${data}`,
        `--socket=${socket}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
      ])
      const mariadb = (sql: string) =>
        run('mariadb', ['--no-defaults', `--socket=${socket}`, '-u', 'root', '-e', sql])
      const start = async (): Promise<void> => {
        await server.start()
        await ready(() => mariadb('SELECT 1'))
      }
      await start()
      const { status, stderr } = await mariadb(
        `CREATE DATABASE mail; USE mail; ${schema} CREATE USER mapgate@127.0.0.1 IDENTIFIED BY '${PASSWORD.replace("'", "''")}'; GRANT SELECT ON mail.* TO mapgate@127.0.0.1`,
      )
      expect([status, stderr]).toEqual([0, ''])
      return { url: `mariadb://mapgate@127.0.0.1:${port}/mail`, start, stop: () => server.stop() }
    },
  },
  {
    name: 'SQLite',
    missing: () => undefined,
    async create(folder, schema) {
      const file = join(folder, 'mail.db')
      const start = async (): Promise<void> => {
        await runOk(PYTHON, [
          '-c',
          `import sqlite3; sqlite3.connect(${JSON.stringify(file)}).executescript(${JSON.stringify(schema)})`,
        ])
      }
      await start()
      return { url: `sqlite:///${file}`, start, stop: () => rm(file) }
    },
  },
]

async function runAs(program: string, args: readonly string[]): Promise<void> {
  await runOk('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', program, ...args], {
    cwd: '/tmp',
  })
}
