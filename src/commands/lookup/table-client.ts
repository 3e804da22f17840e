/**
 * Asks a table of a running gateway through its admin API.
 */
import { type LookupResult, NOT_FOUND } from '../../core/result.ts'
import { AdminClient, type AdminReply, problemText, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { findAdmin } from '../admin-target.ts'
import { CommandError, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import type { LookupClient, LookupReply, QueryOptions } from './lookup-client.ts'

export async function openAdminClient(
  table: string,
  options: QueryOptions,
  io: CommandIo,
): Promise<LookupClient> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  const replyOf = (reply: AdminReply): LookupReply => {
    if (reply.problem === undefined) return readLookup(reply.body, client)
    const reason = problemText(reply.body) ?? 'no such table'
    return { result: { kind: 'permanent', cause: 'no-table', reason }, details: { table } }
  }
  return {
    ask: async (key) => replyOf(await client.get(lookupPath(table, key, options))),
    askAttributes: async (attributes) =>
      replyOf(await client.send('POST', pathOf(table), questionBody(attributes, options))),
    close: () => client.close(),
  }
}

function pathOf(table: string): string {
  return `/api/v1/tables/${encodeURIComponent(table)}/lookup`
}

function questionBody(attributes: ReadonlyMap<string, string>, { explain, bypassCache }: QueryOptions) {
  return {
    attributes: Array.from(attributes, ([name, value]) => ({ name, value })),
    ...(explain === true && { explain }),
    ...(bypassCache === true && { cache: 'bypass' }),
  }
}

/** The key's own bytes are escaped: the gateway, not this client, judges bytes that are not UTF-8. */
function lookupPath(table: string, key: Buffer, options: QueryOptions): string {
  const explain = options.explain === true ? '&explain=true' : ''
  const cache = options.bypassCache === true ? '&cache=bypass' : ''
  return `${pathOf(table)}?key=${escapeBytes(key)}${explain}${cache}`
}

function escapeBytes(bytes: Buffer): string {
  // Latin-1 makes one character of each byte, so a byte that is not unreserved is one %XX.
  return bytes
    .toString('latin1')
    .replace(
      /[^A-Za-z0-9._~-]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
    )
}

function readLookup(body: unknown, client: AdminClient): LookupReply {
  const result = readResult(property(body, 'result'))
  if (result !== undefined) {
    const { result: _, key: _key, steps, ...details } = Object(body) as Record<string, unknown>
    return { result, details, ...(Array.isArray(steps) ? { steps: steps as unknown[] } : {}) }
  }
  throw new CommandError(
    EXIT_UNREACHABLE,
    `${client.target.shown}: the reply is no lookup result; is this the admin address of mapgate?`,
  )
}

function readResult(value: unknown): LookupResult | undefined {
  const complete =
    property(value, 'kind') === 'found'
      ? typeof property(value, 'value') === 'string'
      : typeof property(value, 'reason') === 'string'
  switch (property(value, 'kind')) {
    case 'notfound':
      return NOT_FOUND
    case 'found':
    case 'temporary':
    case 'permanent':
      return complete ? (value as LookupResult) : undefined
    default:
      return undefined
  }
}
