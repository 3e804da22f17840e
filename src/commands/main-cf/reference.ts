/**
 * A table as main.cf names it. Source: socketmap_table(5), tcp_table(5).
 *
 *   socketmap:inet:HOST:PORT:NAME    socketmap:unix:PATH:NAME    tcp:HOST:PORT
 */
import type { ListenerConfig } from '../../config/model.ts'

/** Where Debian and most others have `queue_directory`; daemons in a chroot see it as their root. */
export const QUEUE_DIRECTORY = '/var/spool/postfix'

/** How main.cf names a table at one listener. */
export interface TableReference {
  readonly text: string
  /** What somebody must know who uses it. */
  readonly notes: readonly string[]
}

/** The name of a table at a listener; undefined when the listener does not serve it. */
export function tableReference(table: string, listener: ListenerConfig): TableReference | undefined {
  if (!serves(listener, table)) return undefined
  const { address } = listener
  switch (address.kind) {
    case 'inet': {
      const { host, note } = clientHost(address.host)
      const server = `${host.includes(':') ? `[${host}]` : host}:${address.port}`
      const text = listener.protocol === 'socketmap' ? `socketmap:inet:${server}:${table}` : `tcp:${server}`
      const portNote = address.port === 0 ? ['the port is chosen at start; put the real one here'] : []
      return { text, notes: [...note, ...portNote] }
    }
    case 'unix':
      return listener.protocol === 'socketmap' ? unixReference(table, address.path) : undefined
    case 'systemd': {
      const text = listener.protocol === 'socketmap' ? `socketmap:inet:HOST:PORT:${table}` : 'tcp:HOST:PORT'
      return { text, notes: [`the address is that of the systemd socket ${address.name}; put it in here`] }
    }
  }
}

function serves(listener: ListenerConfig, table: string): boolean {
  if (listener.protocol === 'tcp_table') return listener.table === table
  return listener.tables === undefined || listener.tables.includes(table)
}

/** A listener on every address can be asked at loopback, if Postfix is on the same machine. */
function clientHost(host: string): { readonly host: string; readonly note: readonly string[] } {
  const loopback = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : undefined
  if (loopback === undefined) return { host, note: [] }
  return { host: loopback, note: ['on another machine: the address of this one'] }
}

function unixReference(table: string, path: string): TableReference {
  const below = `${QUEUE_DIRECTORY}/`
  if (path.startsWith(below)) {
    return {
      text: `socketmap:unix:${path.slice(below.length)}:${table}`,
      notes: [
        `relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd ${QUEUE_DIRECTORY}`,
      ],
    }
  }
  return {
    text: `socketmap:unix:${path}:${table}`,
    notes: [`daemons in a chroot do not find it; a socket below ${QUEUE_DIRECTORY} they do`],
  }
}
