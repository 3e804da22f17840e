/**
 * Takes one look at a gateway through its admin API.
 */
import type { GatewayStatus } from '../../core/status.ts'
import type { HistoryPoint } from '../../observability/history.ts'
import type { Problem } from '../../observability/problems.ts'
import type { AdminClient } from '../admin-client.ts'
import { CommandError, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { Reading } from './reading.ts'

/** Asks all that a look needs, at once. */
export async function readGateway(client: AdminClient): Promise<Reading> {
  const status = await client.get('/api/v1/status')
  return readingOf(status.body, client)
}

function readingOf(body: unknown, client: AdminClient): Reading {
  if (isObject(body) && Array.isArray(body.tables) && Array.isArray(body.upstreams)) {
    return body as unknown as Reading
  }
  throw new CommandError(
    EXIT_UNREACHABLE,
    `${client.target.shown}: the reply is no status; is this the admin address of mapgate?`,
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

export type { GatewayStatus, HistoryPoint, Problem }
