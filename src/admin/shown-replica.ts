/**
 * The state of a copy as clients of the API see it: keys as `log.keys` has them.
 */
import type { ReplicaStatus } from '../core/replica/replica-status.ts'
import type { GatewayStatus } from '../core/status.ts'
import { type RenderKey, shownKeys } from '../observability/log-key.ts'

export function shownReplica(replica: ReplicaStatus, renderKey: RenderKey): ReplicaStatus {
  if (replica.held?.missing === undefined) return replica
  const { missing: keys, ...held } = replica.held
  const missing = shownKeys(keys, renderKey)
  return { ...replica, held: { ...held, ...(missing && { missing }) } }
}

export function shownStatus(status: GatewayStatus, renderKey: RenderKey): GatewayStatus {
  return {
    ...status,
    tables: status.tables.map((table) =>
      table.replica === undefined ? table : { ...table, replica: shownReplica(table.replica, renderKey) },
    ),
  }
}
