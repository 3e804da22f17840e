/**
 * A table at a server as a person names it: `SCHEME:inet:HOST:PORT:NAME`, `SCHEME:unix:PATH:NAME`. The name is what
 * follows the last colon.
 *
 * Source: socketmap_table(5); Postfix `src/util/dict_sockmap.c` (dict_sockmap_open).
 */
import {
  type Address,
  type InvalidAddress,
  invalid,
  parseHostPort,
  parseUnixPath,
} from '../core/system/address.ts'
import type { ClientTarget } from './protocol.ts'

/** Every way to name a table of one scheme. */
export function namedTableForms(scheme: string): readonly [string, string] {
  return [`${scheme}:inet:HOST:PORT:NAME`, `${scheme}:unix:PATH:NAME`]
}

/** Reads one of those forms. */
export function parseNamedTable(text: string, scheme: string): ClientTarget | InvalidAddress {
  const server = text.slice(scheme.length + 1)
  const lastColon = server.lastIndexOf(':')
  const table = server.slice(lastColon + 1)
  const address = parseSocket(server.slice(0, Math.max(0, lastColon)), scheme)
  if (address.kind === 'invalid') return address
  if (table === '' || /\s/.test(table)) return invalid('expected a table name after the last colon')
  return { address, table }
}

function parseSocket(server: string, scheme: string): Address | InvalidAddress {
  if (server.startsWith('inet:')) return parseHostPort(server.slice('inet:'.length))
  if (server.startsWith('unix:')) return parseUnixPath(server.slice('unix:'.length))
  return invalid(`expected ${namedTableForms(scheme).join(' or ')}`)
}
