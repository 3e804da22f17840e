/**
 * What a gateway is told about the store that it shares with others: Valkey, or Redis 6 and later.
 */

export interface TierSettings {
  readonly url: TierAddress
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Absolute paths of PEM files. Only for `rediss:`. */
  readonly tls?:
    | {
        readonly ca?: string | undefined
        readonly cert?: string | undefined
        readonly key?: string | undefined
        readonly serverName?: string | undefined
      }
    | undefined
  /** Before every key and channel. */
  readonly prefix: string
  /** How long a lookup waits for it, ms. */
  readonly timeoutMs: number
}

export type TierAddress =
  | {
      readonly kind: 'inet'
      readonly host: string
      readonly port: number
      readonly database: number
      readonly tls: boolean
    }
  | { readonly kind: 'unix'; readonly path: string }

/** The address as people read it; it has no secret. */
export function shownAddress(address: TierAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  const { tls, host, port, database } = address
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls ? 'rediss' : 'redis'}://${name}:${port}${database === 0 ? '' : `/${database}`}`
}
