/**
 * Makes a server listen on an address and port, as the gateway does.
 */
import type { Server } from 'node:net'
import { type Bound, bind } from '../../../src/server/bind.ts'

const NO_FILE = { mode: 0o660, owner: undefined, group: undefined }

export function bindTo(host: string, port: number): (create: () => Server) => Promise<Bound> {
  return (create) => bind(create, { kind: 'inet', host, port }, NO_FILE)
}
