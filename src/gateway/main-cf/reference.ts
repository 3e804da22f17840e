/**
 * A table as main.cf names it: the protocol spells it, the place of the listener is found here.
 */
import type { ListenerConfig } from '../../config/config.ts'
import type { NamedTable, PostfixPlace, PostfixReference } from '../../protocols/protocol.ts'
import type { Protocols } from '../../protocols/registry.ts'

/** Where Debian and most others have `queue_directory`; daemons in a chroot see it as their root. */
const QUEUE_DIRECTORY = '/var/spool/postfix'

/** How main.cf names a table at one listener. */
export type TableReference = PostfixReference & {
  /** What somebody must know who uses it. */
  readonly notes: readonly string[]
}

/** The name of a table at a listener; undefined when the listener does not serve it, or Postfix cannot ask it there. */
export function tableReference(
  table: NamedTable,
  { protocol: name, own, address }: ListenerConfig,
  protocols: Protocols,
): TableReference | undefined {
  const protocol = protocols.get(name)
  if (protocol === undefined) throw new TypeError(`unchecked configuration: no protocol ${name}`)
  const served = protocol.tables(own)
  if (served !== undefined && !served.includes(table.name)) return undefined
  const { place, notes } = placeOf(address)
  const reference = protocol.reference(table, place, own)
  return reference && { ...reference, notes: [...notes, ...(reference.notes ?? [])] }
}

interface NotedPlace {
  readonly place: PostfixPlace
  readonly notes: readonly string[]
}

function placeOf(address: ListenerConfig['address']): NotedPlace {
  switch (address.kind) {
    case 'inet': {
      const { host, note } = clientHost(address.host)
      const server = `${host.includes(':') ? `[${host}]` : host}:${address.port}`
      const portNote = address.port === 0 ? ['the port is chosen at start; put the real one here'] : []
      return { place: { kind: 'inet', server }, notes: [...note, ...portNote] }
    }
    case 'unix':
      return unixPlace(address.path)
    case 'systemd':
      return {
        place: { kind: 'inet', server: 'HOST:PORT', isHeldBySystemd: true },
        notes: [`the address is that of the systemd socket ${address.name}; put it in here`],
      }
  }
}

/** A listener on every address can be asked at loopback, if Postfix is on the same machine. */
function clientHost(host: string): { readonly host: string; readonly note: readonly string[] } {
  const loopback = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : undefined
  if (loopback === undefined) return { host, note: [] }
  return { host: loopback, note: ['on another machine: the address of this one'] }
}

function unixPlace(path: string): NotedPlace {
  const below = `${QUEUE_DIRECTORY}/`
  if (path.startsWith(below)) {
    const note = `relative to queue_directory, so that daemons in a chroot find it too; for postmap: cd ${QUEUE_DIRECTORY}`
    return { place: { kind: 'unix', path: path.slice(below.length) }, notes: [note] }
  }
  const note = `daemons in a chroot find it only below their queue_directory, which is usually ${QUEUE_DIRECTORY}`
  return { place: { kind: 'unix', path }, notes: [note] }
}
