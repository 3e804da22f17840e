/**
 * What `import ... from 'mapgate'` gives: servers and clients of the two protocols, and the
 * results that tables return.
 */

export type { ClientOptions } from './client/options.ts'
export {
  type Found,
  found,
  type LookupResult,
  type NotFound,
  notFound,
  type Permanent,
  type PermanentCause,
  permanent,
  type Temporary,
  type TemporaryCause,
  temporary,
} from './core/result.ts'
export { SocketmapClient, TcpTableClient } from './library/clients.ts'
export { type ServerOptions, SocketmapServer, TcpTableServer } from './library/server.ts'
export type { TableCacheOptions, TableOptions } from './library/tables.ts'
export { ListenError } from './server/listen-error.ts'
export type { TableAnswer, TableFunction } from './upstreams/function/function-upstream.ts'
