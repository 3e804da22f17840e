/**
 * What `import ... from 'mapgate'` gives: servers and clients of the two protocols, and the
 * results that tables return.
 */
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
export { type ServerOptions, SocketmapServer, TcpTableServer } from './library/server.ts'
export type { TableAnswer, TableFunction, TableOptions } from './library/table-function.ts'
export type { ClientOptions } from './net/client-options.ts'
export { ListenError } from './net/listen-error.ts'
export { SocketmapClient } from './net/socketmap-client.ts'
export { TcpTableClient } from './net/tcp-table-client.ts'
