/**
 * What makes a gateway with every secret speak: lookups, logins, every route, every command, reloads that fail.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { built, leaked, OPERATOR, SECRETS, type Stage, TABLES, VIEWER } from './secrets-set-up.ts'

/** Asks for keys that make the service echo, by every door; gives all that the clients were told. */
export async function traffic({ gateway }: Stage): Promise<string> {
  const socketmap = gateway.socketmap()
  const tcpTable = gateway.tcpTable()
  const told: unknown[] = []
  // An address where the name of a table should be; first, because the log of failures is sampled.
  told.push(
    await raw(gateway.address('socketmap').port, '49:Some.Body@person.example Some.Body@person.example,'),
  )
  told.push(await raw(gateway.address('tcp_table').port, 'put Some.Body@person.example x\n'))
  for (let way = 0; way <= 9; way++) {
    const key = `Some.Body+way${way}@person.example`
    for (const table of TABLES) {
      told.push(await socketmap.lookup(table, key))
      const api = `${gateway.adminUrl}/api/v1/tables/${table}/lookup?key=${encodeURIComponent(key)}`
      for (const more of ['', '&explain=true', '&explain=true&cache=bypass'])
        told.push(await (await fetch(api + more, { headers: VIEWER })).text())
    }
    told.push(await tcpTable.lookup(key))
  }
  told.push(await socketmap.lookup('aliases', 'absent@person.example'))
  for (const { bound, settings } of gateway.gateway.listeners.values())
    if (settings.protocol.name === 'sasl' && bound.kind === 'inet')
      for (let way = 0; way <= 9; way++)
        told.push(await logins(bound.port, `Some.Body+way${way}@person.example`))
  return JSON.stringify(told)
}

/** Logs in by each mechanism, in wrong ways, too. */
async function logins(port: number, user: string): Promise<unknown> {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const plain = base64(`\0${user}\0${SECRETS.password}`)
  const bearer = (token: string) => base64(`n,a=${user},\x01auth=Bearer ${token}\x01\x01`)
  const conversations = [
    `AUTH\t1\tPLAIN\tresp=${plain}\n`,
    `AUTH\t1\tLOGIN\tresp=${base64(user)}\nCONT\t1\t${base64(SECRETS.password)}\n`,
    `AUTH\t1\tXOAUTH2\tresp=${base64(`user=${user}\x01auth=Bearer ${SECRETS.token}\x01\x01`)}\nCONT\t1\t\n`,
    ...[SECRETS.token, SECRETS.signed].map(
      (token) => `AUTH\t1\tOAUTHBEARER\tresp=${bearer(token)}\nCONT\t1\tAQ==\n`,
    ),
    `AUTH\t1\tPLAIN\tresp=${base64(SECRETS.password)}\nCONT\t7\t${plain}\n${SECRETS.password}\t${plain}\n`,
    `AUTH\t1\t${SECRETS.password}\tresp=${plain}\n`,
    `AUTH\t${SECRETS.password}\tPLAIN\tresp=${plain}\n`,
  ]
  return Promise.all(conversations.map((lines) => raw(port, lines)))
}

/** Sends bytes, and gives what came back before the end. */
export function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.end(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
  })
}

/** Everything of the admin API, by each role and by a stranger with a token that is none. */
export async function everyRoute({ gateway }: Stage): Promise<string> {
  const { adminUrl } = gateway
  const paths = (
    (await (await fetch(`${adminUrl}/openapi.json`, { headers: VIEWER })).json()) as {
      paths: Record<string, Record<string, unknown>>
    }
  ).paths
  expect(Object.keys(paths).length).toBeGreaterThan(12)
  const strange = { authorization: `Bearer ${SECRETS.guessed}`, 'x-mapgate': '1' }
  let answers = ''
  for (const [path, methods] of Object.entries(paths)) {
    if (path === '/api/v1/events') continue
    for (const method of Object.keys(methods)) {
      for (const headers of [VIEWER, OPERATOR, strange, { 'x-mapgate': '1' }]) {
        const url = `${adminUrl}${path.replace('{table}', 'aliases').replace('{file}', 'index.html')}`
        const response = await fetch(`${url}?key=some.body%40person.example`, {
          method: method.toUpperCase(),
          headers,
        })
        answers += `${method} ${path} ${response.status}\n${[...response.headers].join('\n')}\n${await response.text()}\n`
      }
    }
  }
  const wrong = `${adminUrl}/api/v1/tables/aliases/cache?domain=person.example`
  answers += await (await fetch(wrong, { method: 'DELETE', headers: OPERATOR })).text()
  return answers
}

export interface Ran {
  readonly code: number | null
  readonly text: string
}

export function mapgate(stage: Stage, args: readonly string[]): Promise<Ran> {
  const env = {
    PATH: process.env.PATH,
    MAPGATE_ADMIN: stage.gateway.adminUrl,
    MAPGATE_TOKEN: SECRETS.operator,
    OPERATOR: SECRETS.operator,
    TENANT: SECRETS.environment,
    CREDENTIALS_DIRECTORY: join(stage.folder, 'secrets'),
  }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(built, 'dist/cli.js'), ...args],
      { env },
      (_error, out, err) => resolve({ code: child.exitCode, text: out + err }),
    )
    child.stdin?.end('some.body+way1@person.example\n')
  })
}

/** Every command that has something to tell of this gateway or its file. */
export async function commandLine(stage: Stage): Promise<string> {
  const file = join(stage.folder, 'mapgate.yaml')
  let text = ''
  const commands: [code: number, ...args: string[]][] = [
    [75, 'query', 'aliases', 'some.body+way1@person.example', '--explain'],
    [75, 'query', 'proxied', 'some.body@person.example', '--explain', '--json'],
    [75, 'query', 'posted', 'some.body+way6@person.example', '--explain'],
    [0, 'status'],
    [0, 'status', '--json'],
    [0, 'check', '-c', file],
    [1, 'check', '-c', file, '--ask'],
    [0, 'main-cf', '-c', file],
    [0, 'purge', 'aliases', '@person.example'],
    [0, 'reload'],
  ]
  for (const [code, ...args] of commands) {
    const ran = await mapgate(stage, args)
    expect([args, ran.code, ran.text]).toEqual([args, code, expect.stringMatching(/./)])
    text += ran.text
  }
  return text
}

/** All files below a folder but the given ones, by their path. */
export function filesBelow(folder: string, without: readonly string[]): [path: string, text: string][] {
  return readdirSync(folder)
    .filter((name) => !without.includes(name))
    .flatMap((name): [string, string][] => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? filesBelow(path, []) : [[path, readFileSync(path, 'latin1')]]
    })
}

/** Secrets where they are wrong, so that the program has to complain about them. */
export async function badReloads(here: Stage): Promise<void> {
  const { gateway, folder } = here
  const file = join(folder, 'mapgate.yaml')
  const good = readFileSync(file, 'utf8')
  const reference = `\${file:${folder}/secrets/bearer}`
  const bad = [
    good.replace('attempts: 1', `timeout: '${reference}'`),
    good.replace('attempts: 1', `attempts: '${reference}'`),
    good.replace('search: address', `search: '${reference}'`),
    good.replace('upstream: behindProxy', `upstream: '${reference}'`),
    good.replace('role: viewer', `role: '${reference}'`),
    good.replace('response: { value: $.value', `response: { value: '${reference}'`),
    good.replace('"inet:127.0.0.1:0", table', `'${reference}', table`),
    good.replace('proxy: "http://', 'proxy: "gopher://'),
    good.replace('@127.0.0.1', '@[::bad'),
    good.replace(SECRETS.header, `"${SECRETS.header}\\n\\u0100"`),
    good.replace(SECRETS.viewer, SECRETS.viewer.slice(0, 12)),
    good.replace('level: trace', `level: '${reference}'`),
    good.replace('cacheFile:', `cacheFiles: '${reference}'\ncacheFile:`),
  ]
  for (const text of bad) {
    expect(text).not.toBe(good)
    gateway.write(text)
    const answer = await fetch(`${gateway.adminUrl}/api/v1/reload`, { method: 'POST', headers: OPERATOR })
    const problem = await answer.text()
    expect([problem, answer.status]).toEqual([problem, 422])
    expect(leaked(problem)).toEqual([])
  }
  // `check` prints the same texts; once is enough.
  const checked = await mapgate(here, ['check', '-c', file])
  expect([checked.code, leaked(checked.text)]).toEqual([1, []])
  gateway.write(good)
}
