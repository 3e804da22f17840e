/**
 * How every server of the program begins to listen: on an address and port, on a unix socket, or on a
 * socket that systemd has opened.
 */
import { isIP, type ListenOptions, type Server } from 'node:net'
import type { Address } from '../core/system/address.ts'
import { codeOf } from '../core/system/error-code.ts'
import type { FileAccess } from './file-owner.ts'
import { ListenError } from './listen-error.ts'
import { type PassedSockets, passedSockets } from './systemd.ts'
import { listenOnUnixSocket, type SocketFile } from './unix-socket.ts'

/**
 * Connections that wait to be accepted. Ours: a storm of a whole Postfix; the kernel's
 * net.core.somaxconn bounds it too.
 */
const BACKLOG = 1024

/** What listens at one configured address. */
export interface Bound {
  /** More than one where systemd passed several sockets of one name. */
  readonly servers: readonly Server[]
  /** The file of a unix socket, which the caller removes when it stops. */
  readonly file: SocketFile | undefined
}

/**
 * Begins to listen.
 *
 * @param create Makes a server; called once for each socket.
 * @param access Owner and mode of a unix socket's file; not used otherwise.
 * @throws (rejects) with the system's error, or a ListenError that says what to do. Nothing listens then.
 */
export async function bind(create: () => Server, address: Address, access: FileAccess): Promise<Bound> {
  const servers: Server[] = []
  const next = (): Server => {
    const server = create()
    servers.push(server)
    return server
  }
  try {
    if (address.kind === 'unix') {
      const file = await listenOnUnixSocket((path) => listen(next(), { path }), address.path, access)
      return { servers, file }
    }
    if (address.kind === 'inet') {
      // On "::" IPv4 clients are welcome too, as everywhere else.
      const ipv6Only = isIP(address.host) === 6 && address.host !== '::'
      await listen(next(), { host: address.host, port: address.port, ipv6Only })
      return { servers, file: undefined }
    }
    for (const fd of passedSockets(address.name, startedWith()))
      await listenOnPassed(next(), fd, address.name)
    return { servers, file: undefined }
  } catch (error) {
    for (const opened of servers) opened.close()
    throw error
  }
}

/** What systemd may have passed to this process. */
export function startedWith(): PassedSockets {
  return { environment: process.env, pid: process.pid }
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

async function listenOnPassed(server: Server, fd: number, name: string): Promise<void> {
  try {
    await listen(server, { fd })
  } catch (error) {
    const code = codeOf(error)
    const why =
      code === 'EEXIST'
        ? 'is in use by this process already; a socket of systemd changes its listener by a restart'
        : `is not a listening stream socket (${code}); its socket unit needs ListenStream= and Accept=no`
    throw new ListenError(`descriptor ${fd}, passed by systemd as "${name}", ${why}`, { cause: error })
  }
}

function listen(server: Server, place: ListenOptions & { readonly fd?: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...place, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
