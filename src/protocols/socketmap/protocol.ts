/**
 * socketmap: Postfix asks any number of tables over one connection. README.md beside this file is its manual page.
 */
import { netstringErrors } from '../framing/netstring.ts'
import type { Protocol } from '../protocol.ts'
import { socketmapClient } from './client.ts'
import { NAME, SocketmapConversation } from './conversation.ts'

export interface SocketmapSettings {
  /** The tables that may be asked; undefined: every one. */
  readonly tables: readonly string[] | undefined
}

export const socketmap: Protocol<SocketmapSettings> = {
  name: NAME,
  summary: 'any number of tables by name (socketmap_table(5)); the better choice',
  errors: {
    ...netstringErrors,
    'bad-request': 'A request without a space between table name and key. Answered PERM.',
  },
  example: { tables: undefined },
  tables: ({ tables }) => tables,
  accept: () => new SocketmapConversation(),
  reference: (table, place) => {
    const server = place.kind === 'inet' ? `inet:${place.server}` : `unix:${place.path}`
    return { kind: 'table', text: `socketmap:${server}:${table}` }
  },
  client: socketmapClient,
}
