/**
 * A gateway in front of a test's HTTP service, and its tables in the spelling of main.cf.
 *
 * Every table asks `GET /TABLE?key=KEY` and takes `$.value` of the answer.
 */
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import type { Cleanup, HttpService } from '../support/http/http-service.ts'
import { type PostfixFiles, writeOldFile } from '../support/postfix/files.ts'

/** Keys of a table in the configuration file, besides the upstream, request and response. */
export type TableSettings = Readonly<Record<string, unknown>>

export interface Serving {
  readonly gateway: Gateway
  /** `socketmap:inet:127.0.0.1:PORT:TABLE` */
  socketmap(table: string): string
  /** `tcp:127.0.0.1:PORT` */
  tcp(table: string): string
  /** The address of a memcache listener: `inet:127.0.0.1:PORT`. */
  readonly memcache: string
}

export interface ServingOptions {
  /** One more listener for all tables. */
  readonly socketPath?: string
  /** More listeners, as in the configuration file. */
  readonly listeners?: readonly object[]
  /** More upstreams, and tables that are no ones of the HTTP service. */
  readonly upstreams?: Readonly<Record<string, object>>
  readonly written?: Readonly<Record<string, object>>
  /** The section `shared`. */
  readonly shared?: object
}

/** Starts a gateway with one socketmap listener for all tables and one tcp listener for each. */
export async function startServing(
  cleanup: Cleanup,
  service: HttpService,
  tables: Readonly<Record<string, TableSettings>>,
  { socketPath, listeners = [], upstreams = {}, written = {}, shared }: ServingOptions = {},
): Promise<Serving> {
  const names = Object.keys(tables)
  const anyPort = 'inet:127.0.0.1:0'
  const config = {
    listeners: [
      { protocol: 'socketmap', listen: anyPort },
      ...names.map((table) => ({ protocol: 'tcp_table', listen: anyPort, table })),
      ...(socketPath === undefined ? [] : [{ protocol: 'socketmap', listen: `unix:${socketPath}` }]),
      { protocol: 'memcache', listen: anyPort },
      ...listeners,
    ],
    upstreams: {
      ...upstreams,
      service: {
        endpoints: [service.origin],
        // One request per question, so that a test knows how many answers it has to script.
        attempts: 1,
        // What breaks here is asked for again at once when it is repaired.
        circuitBreaker: { failures: 1_000, openFor: '1s' },
      },
    },
    tables: {
      ...Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, tableOf(name, table)])),
      ...written,
    },
    ...(shared && { shared }),
    log: { level: 'silent' },
  }
  // JSON is YAML, too.
  const text = JSON.stringify(config)
  const gateway = await Gateway.start({ load: () => parseConfig(text, 'postfix-test.yaml'), version: 'test' })
  cleanup.onTestFinished(() => gateway.stop())
  const [socketmap, ...others] = gateway.status().listeners.map(({ bound }) => bound)
  const tcp = new Map(names.map((name, at) => [name, others[at]?.slice('inet:'.length)]))
  return {
    gateway,
    socketmap: (table) => `socketmap:${socketmap}:${table}`,
    tcp: (table) => `tcp:${tcp.get(table)}`,
    memcache: gateway.status().listeners.find(({ protocol }) => protocol === 'memcache')?.bound ?? '',
  }
}

/** A table of the HTTP service, as it stands in the configuration file. */
export function tableOf(name: string, settings: TableSettings = {}): TableSettings {
  return {
    upstream: 'service',
    request: { path: `/${name}`, query: { key: '{key}' } },
    response: { value: '$.value' },
    ...settings,
  }
}

/** Makes the folder for sockets below the queue directory, as the pages say, and gives its path. */
export async function socketFolder({ queueDirectory }: PostfixFiles): Promise<string> {
  const folder = join(queueDirectory, 'mapgate')
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  return folder
}

/** Writes the file that names a table at a memcache listener, as `mapgate main-cf` prints it. @param more Lines for a table that Postfix writes. */
export async function memcacheFile(
  files: PostfixFiles,
  address: string,
  table: string,
  more: readonly string[] = [],
): Promise<string> {
  const path = join(files.directory, `${table}-${address.split(':')[0]}.cf`)
  const lines = [
    `memcache = ${address}`,
    `key_format = ${table}/%s`,
    'max_try = 1',
    'timeout = 10',
    'data_size_limit = 100000',
    'line_size_limit = 4096',
    ...more,
  ]
  await writeOldFile(path, lines.map((line) => `${line}\n`).join(''))
  return path
}
