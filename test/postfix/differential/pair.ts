/**
 * Two Postfix instances with equal main.cf: one has its tables in files, which Postfix searches by
 * itself; for the other one a gateway searches the same entries in an HTTP service.
 */
import { join } from 'node:path'
import {
  type Cleanup,
  type HttpService,
  type Reply,
  startHttpService,
} from '../../support/http/http-service.ts'
import { type MainCf, writeOldFile, writePostfixFiles } from '../../support/postfix/files.ts'
import { type Postfix, startPostfix } from '../../support/postfix/postfix.ts'
import { startServing, type TableSettings } from '../serving.ts'

/** Key and value, as in a text file for postmap(1); the first of two equal keys counts. */
export type Entry = readonly [key: string, value: string]

/** A table as both see it. */
export interface TwinTable {
  readonly entries: readonly Entry[]
  /** How the gateway searches it. */
  readonly settings: TableSettings
}

export interface Pair {
  /** Tables are `texthash:` files. */
  readonly reference: Postfix
  /** Tables are `socketmap:` endpoints of the gateway. */
  readonly ours: Postfix
  readonly service: HttpService
}

/** Behind a table's name: the route that answers many keys at once. */
const BATCH_SUFFIX = '-batch'

/** Settings of a table that asks by the batch route. */
export const BATCHED: TableSettings = { batch: { path: `/{table}${BATCH_SUFFIX}`, json: '{keys}' } }

/** What both instances have, besides a test's own. */
const COMMON: MainCf = {
  recipient_delimiter: '+-',
  myorigin: 'local.example',
  mydestination: 'local.example',
  inet_protocols: 'all',
  inet_interfaces: '127.0.0.1',
  smtpd_authorized_xclient_hosts: 'static:all',
  append_dot_mydomain: 'no',
}

/** Starts both. `mainCf` is called with a function that spells a table for main.cf. */
export async function startPair(
  cleanup: Cleanup,
  tables: Readonly<Record<string, TwinTable>>,
  mainCf: (table: (name: string) => string) => MainCf,
): Promise<Pair> {
  const files = await writePostfixFiles(cleanup)
  for (const [name, { entries }] of Object.entries(tables)) {
    const lines = unique(entries).map(([key, value]) => `${key} ${value}\n`)
    await writeOldFile(join(files.directory, name), lines.join(''))
  }
  const service = await startHttpService(cleanup)
  const contents = new Map(
    Object.entries(tables).map(([name, { entries }]) => [name, new Map(unique(entries))]),
  )
  service.otherwise = ({ url, body }): Reply => {
    const { pathname, searchParams } = new URL(url, 'http://service.example')
    if (pathname.endsWith(BATCH_SUFFIX)) {
      const table = contents.get(pathname.slice(1, -BATCH_SUFFIX.length))
      const values = (JSON.parse(body) as readonly string[]).map((key) => table?.get(key) ?? null)
      return { json: values }
    }
    const value = contents.get(pathname.slice(1))?.get(searchParams.get('key') ?? '')
    return value === undefined ? { status: 404 } : { json: { value } }
  }
  const settings = Object.entries(tables).map(([name, table]) => [name, table.settings] as const)
  const serving = await startServing(cleanup, service, Object.fromEntries(settings))
  const [reference, ours] = await Promise.all([
    startPostfix(cleanup, { ...COMMON, ...mainCf((name) => `texthash:${join(files.directory, name)}`) }),
    startPostfix(cleanup, { ...COMMON, ...mainCf(serving.socketmap) }),
  ])
  return { reference, ours, service }
}

/** Folds the keys, as postmap(1) does, and keeps the first of each. */
function unique(entries: readonly Entry[]): Entry[] {
  const kept = new Map<string, string>()
  for (const [key, value] of entries) {
    const folded = key.toLowerCase()
    if (!kept.has(folded)) kept.set(folded, value)
  }
  return [...kept]
}
