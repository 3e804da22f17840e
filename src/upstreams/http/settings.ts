/**
 * What an HTTP upstream needs to know, in the shapes of the checked configuration: a
 * `TableConfig` and an `HttpUpstreamConfig` fit as they are (a test says so), but this folder
 * does not depend on the folder that reads files.
 */

/** One upstream: where it is and how to reach it. */
export interface HttpUpstreamSettings {
  readonly name: string
  readonly endpoints: readonly EndpointSettings[]
  /** Sent with every request, as they are: no placeholders. */
  readonly headers: ReadonlyMap<string, string>
  /** Longest time for one attempt, ms; here only the bound of a connection attempt. */
  readonly timeoutMs: number
  /** Bounds the connections to one endpoint. */
  readonly maxConcurrent: number
  readonly maxConnectionAgeMs: number
  readonly maxBodyBytes: number
  /** URL of an outbound proxy; may hold `user:password@`. Not used for unix sockets. */
  readonly proxy: string | undefined
  readonly tls: TlsSettings | undefined
}

/** PEM texts, not file names. */
export interface TlsSettings {
  /** Replaces the system's certificate authorities. */
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Expected name in the certificate, instead of the endpoint's host. */
  readonly serverName: string | undefined
}

/** One URL, taken apart. */
export interface EndpointSettings {
  /** `http://host:port`; `http://localhost` for a unix socket. */
  readonly origin: string
  readonly socketPath: string | undefined
  /** Path before the template's, without a trailing slash; '' for none. */
  readonly pathPrefix: string
  /** Host and port, or the socket's file name: what metrics and messages show. */
  readonly label: string
}

/** One table: what it asks, and how it reads the answers. */
export interface HttpTableSettings {
  readonly name: string
  readonly request: RequestSettings
  readonly response: ResponseSettings
  /** True: a lookup counts or reserves, so that nothing is sent twice. */
  readonly sideEffects: boolean
  readonly batch?: BatchSettings | undefined
}

export interface RequestSettings {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: ReadonlyMap<string, string>
  /** Any JSON; strings in it are templates. */
  readonly json: unknown
  readonly form: ReadonlyMap<string, string> | undefined
}

export interface ResponseSettings {
  readonly value: string | undefined
  readonly error: string | undefined
  readonly missing: 'temporary' | 'notFound'
  readonly found: readonly number[]
  readonly notFound: readonly number[]
  readonly notFoundBody: 'notHtml' | 'any'
  readonly notFoundMark: NotFoundMarkSettings | undefined
  readonly format: string
  readonly separator: string
  readonly maxValues: number
}

/** What every "not found" must carry. */
export interface NotFoundMarkSettings {
  /** Lower case. */
  readonly contentType: string | undefined
  /** `name`, or `name: value`. */
  readonly header: string | undefined
  readonly jsonPath: string | undefined
}

export interface BatchSettings {
  readonly request: RequestSettings
  readonly maxKeys: number
  readonly results: string | undefined
}
