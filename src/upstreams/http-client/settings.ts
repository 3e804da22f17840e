/**
 * What an HTTP upstream needs to know: what its part of the configuration decodes to.
 */
import type { Settings } from '../../schema/schema.ts'
import type { HttpTable } from './table-schema.ts'
import type { HttpUpstream } from './upstream-schema.ts'

export type { EndpointSettings } from './endpoint-url.ts'

type UpstreamKeys = Settings<typeof HttpUpstream>

/** One upstream: where it is and how to reach it. */
export type HttpUpstreamSettings = { readonly name: string } & Pick<
  UpstreamKeys,
  | 'endpoints'
  | 'headers'
  | 'host'
  | 'timeoutMs'
  | 'maxConcurrent'
  | 'maxConnectionAgeMs'
  | 'maxBodyBytes'
  | 'proxy'
  | 'tls'
  | 'oauth'
>

/** PEM texts; in the configuration, the absolute paths of the files that hold them. */
export type TlsSettings = NonNullable<UpstreamKeys['tls']>

type TableKeys = Settings<typeof HttpTable>

/** One table: what it asks, and how it reads the answers. */
export interface HttpTableSettings {
  readonly name: string
  readonly request: RequestSettings
  readonly response: ResponseSettings
  /** True: a lookup counts or reserves, so that nothing is sent twice. */
  readonly sideEffects: boolean
  readonly batch?: BatchSettings | undefined
  /** The main.cf parameters that use it: what its values can mean. */
  readonly usedBy?: readonly string[]
}

/** A table without upstreams of this kind may have a request without a path. */
export type WrittenRequest = NonNullable<TableKeys['request']>
export type RequestSettings = WrittenRequest & { readonly path: string }
export type ResponseSettings = TableKeys['response']
/** What replies of a kind must carry. */
export type ReplyMarkSettings = NonNullable<ResponseSettings['notFoundMark']>
/** A request for many keys. */
export type BatchSettings = NonNullable<TableKeys['batch']>
