/**
 * How every server of the program begins to listen: on an address and port, on a unix socket, or on a
 * socket that systemd has opened.
 */
import { isIP, type ListenOptions, type Server } from 'node:net'
import type { Address } from '../core/address.ts'
import type { FileAccess } from './file-owner.ts'
import { passedSocket } from './systemd.ts'
import { listenOnUnixSocket, type SocketFile } from './unix-socket.ts'

/**
 * Connections that wait to be accepted. Ours: a storm of a whole Postfix; the kernel's
 * net.core.somaxconn bounds it too.
 */
const BACKLOG = 1024

/**
 * Makes `server` listen.
 *
 * @param access Owner and mode of a unix socket's file; not used otherwise.
 * @returns The file of a unix socket, which the caller removes when it stops; undefined otherwise.
 * @throws (rejects) with the system's error, or a ListenError that says what to do.
 */
export async function bind(
  server: Server,
  address: Address,
  access: FileAccess,
): Promise<SocketFile | undefined> {
  if (address.kind !== 'unix') {
    await listen(server, placeOf(address))
    return undefined
  }
  try {
    return await listenOnUnixSocket((path) => listen(server, { path }), address.path, access)
  } catch (error) {
    server.close()
    throw error
  }
}

/** The address in use: with the port that was really bound, or that of a socket which systemd opened. */
export function boundAddress(server: Server, configured: Address): Address {
  // A unix socket was bound under another name and then renamed.
  if (configured.kind === 'unix') return configured
  const bound = server.address()
  if (bound === null) return configured
  if (typeof bound === 'string') return { kind: 'unix', path: bound }
  return { kind: 'inet', host: bound.address, port: bound.port }
}

function placeOf(address: Exclude<Address, { kind: 'unix' }>): ListenOptions & { readonly fd?: number } {
  if (address.kind === 'systemd')
    return { fd: passedSocket(address.name, { environment: process.env, pid: process.pid }) }
  // On "::" IPv4 clients are welcome too, as everywhere else.
  const ipv6Only = isIP(address.host) === 6 && address.host !== '::'
  return { host: address.host, port: address.port, ipv6Only }
}

function listen(server: Server, place: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...place, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
