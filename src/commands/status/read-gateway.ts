/**
 * Takes one look at a gateway through its admin API.
 */

import type { HistoryPoint } from '../../core/history-point.ts'
import type { GatewayStatus } from '../../core/status.ts'
import type { Problem } from '../../observability/problems.ts'
import { type AdminClient, property } from '../admin-client.ts'
import { CommandError, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { Reading } from './reading.ts'

/** Asks all that a look needs, at once. */
export async function readGateway(client: AdminClient): Promise<Reading> {
  const [status, history, problems] = await Promise.all([
    client.get('/api/v1/status'),
    client.get('/api/v1/history'),
    client.get('/api/v1/problems'),
  ])
  const points = property(history.body, 'points')
  const list = property(problems.body, 'problems')
  if (isStatus(status.body) && Array.isArray(points) && Array.isArray(list)) {
    // Their insides are the contract of the admin API, which its own tests hold.
    return { status: status.body, points: points as HistoryPoint[], problems: list as Problem[] }
  }
  throw new CommandError(
    EXIT_UNREACHABLE,
    `${client.target.shown}: the reply is no status; is this the admin address of mapgate?`,
  )
}

function isStatus(body: unknown): body is GatewayStatus {
  return (
    typeof property(body, 'state') === 'string' &&
    ['degraded', 'tables', 'upstreams', 'listeners'].every((name) => Array.isArray(property(body, name)))
  )
}
