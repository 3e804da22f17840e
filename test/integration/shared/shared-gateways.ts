/**
 * Gateways that share a store, for the tests of this folder: each as its own program in this process, with a service that counts.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestGateway, TestGatewayOptions } from '../../support/gateway/gateway.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import type { Cleanup } from '../../support/http/http-service.ts'

export interface SharedSettings {
  readonly origin: string
  /** Undefined where `shared` says where the store is. */
  readonly url?: string
  /** Keys of the table, as YAML. */
  readonly table?: string
  /** Keys of its request, as YAML. */
  readonly request?: string
  /** Keys of the upstream, as YAML. */
  readonly upstream?: string
  /** Keys of `shared`, as YAML. Default a timeout with which a busy machine is never late. */
  readonly shared?: string
  /** Other sections, as YAML. */
  readonly more?: string
}

export function sharedYaml({
  origin,
  url,
  table = '',
  request = '',
  upstream = '',
  shared = 'timeout: 1s',
  more = '',
}: SharedSettings): string {
  return `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
shared: { ${url === undefined ? '' : `url: "${url}", `}${shared} }
upstreams:
  directory: { endpoints: ["${origin}"], attempts: 1${upstream === '' ? '' : `, ${upstream}`} }
tables:
  aliases:
    upstream: directory
    request: { path: "/{key}"${request === '' ? '' : `, ${request}`} }
    ${table}
${more}
`
}

/** Starts one, and waits until it uses the store, or another state of it. */
export async function startShared(
  t: Cleanup,
  settings: SharedSettings,
  { state = 'up', ...options }: TestGatewayOptions & { readonly state?: 'up' | 'down' } = {},
): Promise<TestGateway> {
  const gateway = await startGateway(t, sharedYaml(settings), options)
  // On a busy machine replies are late, and the first probes fail. How soon it is used is said by the tests that look for it.
  await until(() => gateway.gateway.status().shared?.state === state, SET_UP_MS)
  return gateway
}

const SET_UP_MS = 20_000

/** Looks every few ms. @throws when it takes longer than five seconds. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 5000): Promise<number> {
  const startMs = performance.now()
  while (!(await isSo())) {
    if (performance.now() - startMs > withinMs) throw new Error(`waited in vain for ${isSo}`)
    await delay(5)
  }
  return performance.now() - startMs
}

export const PASSWORD = 'correct-horse-battery-staple'

const PAGE = readFileSync('docs/several-gateways.md', 'utf8')

/** The line of the access list that the page has, as arguments of ACL SETUSER with a password. */
export function documentedUser(): readonly string[] {
  const line = /^user mapgate .*$/m.exec(PAGE)?.[0] ?? ''
  return line.replace('>PASSWORD', `>${PASSWORD}`).split(' ').slice(1)
}

/** What the page adds to it in a line that begins so. */
export function documentedCommands(first: string): readonly string[] {
  const line = PAGE.split('\n').find((line) => line.split(' ')[0] === first)
  return line?.split(' ') ?? []
}
