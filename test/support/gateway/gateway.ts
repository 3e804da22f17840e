/**
 * A whole gateway for a test: from configuration text, on free ports of the loopback address,
 * its log kept in a file.
 *
 *   const gateway = await startGateway(t, `...yaml...`)
 *   await gateway.socketmap().lookup('aliases', 'info@a.example')
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../../src/config/issue.ts'
import type { Clock } from '../../../src/core/clock.ts'
import type { Address } from '../../../src/core/system/address.ts'
import { loadConfig } from '../../../src/gateway/load-config.ts'
import { Gateway } from '../../../src/gateway.ts'
import { SocketmapClient, TcpTableClient } from '../../../src/library/clients.ts'
import { PROTOCOLS, type Protocols } from '../../../src/protocols/registry.ts'
import type { UpstreamKind } from '../../../src/upstreams/kind.ts'
import { kindsByName, UPSTREAM_KINDS } from '../../../src/upstreams/registry.ts'
import type { Cleanup } from '../http/http-service.ts'

export interface TestGatewayOptions {
  /** For `${env:...}` in the configuration. */
  readonly env?: Readonly<Record<string, string>>
  /** Further upstream kinds. */
  readonly upstreamKinds?: readonly UpstreamKind[]
  readonly clock?: Clock
  readonly random?: () => number
  /** Default: those of the product. */
  readonly protocols?: Protocols
  /** A folder to use instead of a new one. It is not removed. */
  readonly folder?: string
}

/** Listeners for a configuration that says nothing about them: both protocols on free ports. */
export const TWO_LISTENERS = `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
`

export class TestGateway {
  readonly gateway: Gateway
  readonly folder: string
  readonly #cleanup: Cleanup

  constructor(gateway: Gateway, folder: string, cleanup: Cleanup) {
    this.gateway = gateway
    this.folder = folder
    this.#cleanup = cleanup
  }

  /** The address of the first listener of a protocol. */
  address(protocol: string): Address & { readonly kind: 'inet' } {
    for (const listener of this.gateway.listeners.values()) {
      const { bound } = listener
      if (listener.settings.protocol.name === protocol && bound.kind === 'inet') return bound
    }
    throw new Error(`no inet listener for ${protocol}`)
  }

  /** `http://127.0.0.1:PORT` of the admin API. */
  get adminUrl(): string {
    const bound = this.gateway.admin?.bound
    if (bound?.kind !== 'inet') throw new Error('no admin API on an address and port')
    return `http://${bound.host}:${bound.port}`
  }

  /** A client of the first socketmap listener, closed with the test. */
  socketmap(): SocketmapClient {
    const client = new SocketmapClient({ address: this.address('socketmap') })
    this.#cleanup.onTestFinished(() => client.close())
    return client
  }

  tcpTable(): TcpTableClient {
    const client = new TcpTableClient({ address: this.address('tcp_table') })
    this.#cleanup.onTestFinished(() => client.close())
    return client
  }

  /** What the log says so far, one object for each line. */
  log(): Record<string, unknown>[] {
    const lines = readFileSync(join(this.folder, 'log'), 'utf8').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
  }

  read(): string {
    return readFileSync(join(this.folder, 'mapgate.yaml'), 'utf8')
  }

  /** Replaces the configuration file; `gateway.reload()` reads it. */
  write(yaml: string): void {
    writeFileSync(join(this.folder, 'mapgate.yaml'), yaml)
  }
}

/** Starts a gateway that stops with the test. */
export async function startGateway(
  cleanup: Cleanup,
  yaml: string,
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  if (options.folder === undefined) {
    cleanup.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  }
  const file = join(folder, 'mapgate.yaml')
  writeFileSync(file, yaml)
  const logFd = openSync(join(folder, 'log'), 'a')
  const { env = {}, clock, random, protocols = PROTOCOLS } = options
  const upstreamKinds = kindsByName([...UPSTREAM_KINDS.values(), ...(options.upstreamKinds ?? [])])
  const upstreams = Array.from(upstreamKinds.values()).flatMap(({ configuration }) => configuration ?? [])
  const kinds = { protocols: Array.from(protocols.values()), upstreams }
  const load = () => loadConfig(file, { env, shownAs: 'mapgate.yaml', kinds })
  try {
    const gateway = await Gateway.start({
      load,
      protocols,
      upstreamKinds,
      version: 'test',
      clock,
      random,
      logFd,
    })
    cleanup.onTestFinished(() => gateway.stop())
    return new TestGateway(gateway, folder, cleanup)
  } catch (error) {
    // Once the log is open it closes its descriptor itself.
    if (error instanceof ConfigError) closeSync(logFd)
    throw error
  }
}
