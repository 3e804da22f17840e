/**
 * Makes a server listen on an address and port, as the gateway does.
 */
import type { Server } from 'node:net'
import { bind } from '../../src/server/bind.ts'

const NO_FILE = { mode: 0o660, owner: undefined, group: undefined }

export function bindTo(host: string, port: number): (server: Server) => Promise<unknown> {
  return (server) => bind(server, { kind: 'inet', host, port }, NO_FILE)
}
