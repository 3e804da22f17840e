/**
 * Opens a connection to what the settings name: one server, a cluster, or the primary that sentinels watch.
 */
import { openClient } from './client.ts'
import { openCluster } from './cluster.ts'
import type { Connection, ConnectionOptions } from './connection.ts'
import { openPrimary } from './sentinel.ts'

/** @throws (rejects) with what went wrong. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { url, cluster, sentinel } = options.settings
  if (url !== undefined) return openClient(url, options)
  if (cluster !== undefined) return openCluster(cluster, options)
  if (sentinel !== undefined) return openPrimary(sentinel, options)
  throw new TypeError('unchecked configuration: a shared store without an address')
}
