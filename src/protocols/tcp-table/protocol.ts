/**
 * tcp_table: Postfix asks one table over one connection. README.md beside this file is its manual page.
 */
import { Type } from '../../schema/schema.ts'
import { checkName } from '../../schema/scope.ts'
import { text } from '../../schema/values.ts'
import type { Protocol } from '../protocol.ts'
import { tcpTableClient } from './client.ts'
import { NAME, TcpTableConversation, type TcpTableSettings } from './conversation.ts'
import { TCP_TABLE_REASONS } from './reasons.ts'

const Listener = Type.Object({
  table: text('The one table of this listener, since the protocol has no table name.', {
    whyNeeded: 'tcp_table has no table name, so one listener serves one table',
  }),
})

export const tcpTable: Protocol<TcpTableSettings> = {
  name: NAME,
  summary: 'one table for each listener (tcp_table(5))',
  settings: Listener,
  check({ table }, { scope, tables }) {
    checkName(scope, ['table'], 'table', table, tables)
  },
  errors: {
    'bad-request': 'A line that is no request. Answered 400.',
    'bad-quoting': 'A `%` in a key that is not followed by two hex digits. Answered 400.',
    'request-limit': 'A line longer than 131072 bytes. Skipped, and answered 400.',
    put: 'An update, which no table here takes. Answered 500, which means "not accepted" there.',
  },
  reasons: TCP_TABLE_REASONS,
  example: { table: 'aliases' },
  firstFile: `# For clients that speak tcp_table only: one listener for each table.
# - protocol: tcp_table
#   listen: inet:127.0.0.1:8465
#   table: aliases`,
  tables: ({ table }) => [table],
  accept: (listener) => new TcpTableConversation(listener),
  // Postfix has no tcp table at a unix socket, and writes none.
  reference: ({ isWritten }, place) =>
    place.kind === 'inet' && !isWritten ? { kind: 'table', text: `tcp:${place.server}` } : undefined,
  client: tcpTableClient,
}
