/**
 * The admin API of the configuration, running: where it listens, and what it may see and do.
 */
import { loadPageFiles } from '../admin/page-files.ts'
import type { AdminPorts } from '../admin/ports.ts'
import { AdminServer } from '../admin/server.ts'
import type { AdminConfig } from '../config/config.ts'
import { type Address, formatAddress } from '../core/system/address.ts'
import { bind, boundAddress } from '../server/bind.ts'
import { listenError } from '../server/listen-error.ts'
import type { SocketFile } from '../server/unix-socket.ts'
import { PACKAGE_FILE } from './package-file.ts'

/** Where `npm run build` puts the page. Its sources are no files for a browser, so tests serve the built one too. */
const PAGE_FOLDER = new URL('dist/admin/page/', PACKAGE_FILE)

/** What the gateway gives; the rest is the same for every one. */
export type GatewayPorts = Omit<AdminPorts, 'page'>

/** One admin server and its socket file. */
export class RunningAdmin {
  #config: AdminConfig
  readonly #server: AdminServer
  #file: SocketFile | undefined

  private constructor(config: AdminConfig, server: AdminServer) {
    this.#config = config
    this.#server = server
  }

  /** @throws ListenError that says what to do. */
  static async open(config: AdminConfig, ports: GatewayPorts): Promise<RunningAdmin> {
    const page = await loadPageFiles(PAGE_FOLDER)
    const server = await AdminServer.create({ settings: config, ports: { ...ports, page } })
    const admin = new RunningAdmin(config, server)
    try {
      await server.listen(async (create) => {
        const bound = await bind(create, config.address, config)
        admin.#file = bound.file
        return bound
      })
    } catch (error) {
      await server.close()
      throw listenError(formatAddress(config.address), config.address.kind, error)
    }
    return admin
  }

  /** Returns whether a changed configuration can be taken over without closing the socket. */
  fits(config: AdminConfig): boolean {
    return (
      formatAddress(config.address) === formatAddress(this.#config.address) &&
      (config.tls === undefined) === (this.#config.tls === undefined)
    )
  }

  reconfigure(config: AdminConfig): void {
    this.#server.reconfigure(config)
    this.#file?.setAccess(config)
    this.#config = config
  }

  get config(): AdminConfig {
    return this.#config
  }

  /** The address in use: with the port that was really bound. */
  get bound(): Address {
    return boundAddress(this.#server.app.server, this.#config.address)
  }

  async close(): Promise<void> {
    this.#file?.remove()
    await this.#server.close()
  }
}
