/**
 * What a gateway is told about the store that it shares with others: Valkey, or Redis 6 and later.
 */

/** One of `url`, `cluster` and `sentinel` is there. */
export interface TierSettings {
  readonly url?: TierAddress | undefined
  /** Some of its nodes, which know the others. */
  readonly cluster?: readonly TierAddress[] | undefined
  readonly sentinel?: SentinelSettings | undefined
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

export interface SentinelSettings {
  /** What they call the primary and its replicas. */
  readonly name: string
  readonly servers: readonly TierAddress[]
  readonly username?: string | undefined
  readonly password?: string | undefined
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

/** Where the store is, as people read it; it has no secret. */
export function shownPlace({ url, cluster, sentinel }: TierSettings): string {
  if (url !== undefined) return shownAddress(url)
  if (cluster !== undefined) return `cluster of ${cluster.map(shownAddress).join(', ')}`
  if (sentinel !== undefined)
    return `"${sentinel.name}" of the sentinels ${sentinel.servers.map(shownAddress).join(', ')}`
  return ''
}

function shownAddress(address: TierAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  const { tls, host, port, database } = address
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls ? 'rediss' : 'redis'}://${name}:${port}${database === 0 ? '' : `/${database}`}`
}
