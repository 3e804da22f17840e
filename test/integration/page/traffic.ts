/** A gateway with one table of everything the page shows, a service behind it, and traffic. */
import { onTestFinished } from 'vitest'
import type { SocketmapClient, TcpTableClient } from '../../../src/library/clients.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../support/gateway/gateway.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'

export interface Scene {
  readonly gateway: TestGateway
  readonly service: HttpService
  /** Serves the table domains; the test breaks it and leaves the other well. */
  readonly second: HttpService
  readonly socketmap: SocketmapClient
  readonly tcpTable: TcpTableClient
}

const ADMIN = '{ listen: "inet:127.0.0.1:0", anonymous: operator }'

export async function startScene(admin = ADMIN, options?: TestGatewayOptions): Promise<Scene> {
  const service = await startHttpService({ onTestFinished })
  const second = await startHttpService({ onTestFinished })
  for (const each of [service, second]) {
    each.otherwise = ({ url }) =>
      url.includes('nobody') ? { status: 404 } : { json: { goto: [`box${url.length}@mail.example`] } }
  }
  const gateway = await startGateway({ onTestFinished }, config(service, second, admin), options)
  return { gateway, service, second, socketmap: gateway.socketmap(), tcpTable: gateway.tcpTable() }
}

function config(service: HttpService, second: HttpService, admin: string): string {
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
admin: ${admin}
upstreams:
  directory:
    endpoints: [${service.origin}]
  domains:
    endpoints: [${second.origin}]
    timeout: 200ms
    attempts: 1
    circuitBreaker: { failures: 2, openFor: 60s }
  overrides:
    entries: { postmaster@a.example: [ops@a.example] }
  next:
    entries: { moved@a.example: [moved@new.example] }
tables:
  aliases:
    upstream: [overrides, directory]
    request: { path: "/aliases/{key}" }
    response: { value: $.goto }
    cache: { ttl: 60s }
    canary: { key: canary@a.example, every: 1s, maxAge: 60s }
    shadow: { upstream: next, share: 1 }
  domains:
    upstream: domains
    request: { path: "/domains/{key}" }
    response: { value: $.goto }
    cache: { ttl: 1s, staleWhileRevalidate: 1s, staleIfError: 2s }
`
}

/** Asks like a mail server: some keys again and again, some that nobody has. */
export async function makeTraffic({ socketmap, tcpTable }: Scene, lookups: number): Promise<void> {
  for (let n = 0; n < lookups; n += 4) {
    await socketmap.lookup('aliases', `user${n % 40}@a.example`)
    await socketmap.lookup('aliases', `nobody${n % 20}@a.example`)
    await socketmap.lookup('domains', `d${n % 8}.example`)
    await tcpTable.lookup(`user${n}@a.example`)
  }
}

/** The second service answers errors until its circuit is open; the first forgets its canary. */
export async function breakDown({ service, second, socketmap }: Scene): Promise<void> {
  second.otherwise = { status: 503 }
  service.route('/aliases/canary%40a.example', { status: 404 })
  for (let n = 0; n < 40; n++) await socketmap.lookup('domains', `broken${n}.example`)
}
