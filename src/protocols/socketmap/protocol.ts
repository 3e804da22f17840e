/**
 * socketmap: Postfix asks any number of tables over one connection. README.md beside this file is its manual page.
 */
import { type Settings, Type } from '../../schema/schema.ts'
import { checkName } from '../../schema/scope.ts'
import { oneOf } from '../../schema/values.ts'
import { netstringErrors } from '../framing/netstring.ts'
import type { Protocol } from '../protocol.ts'
import { socketmapClient } from './client.ts'
import { NAME, SocketmapConversation } from './conversation.ts'
import { SOCKETMAP_REASONS } from './reasons.ts'

const Listener = Type.Object({
  tables: Type.Optional(
    Type.Array(Type.String(), {
      minItems: 1,
      defaultText: 'every table',
      description:
        'The tables that may be asked here; any other name is refused (PERM), as a table that does not exist.',
    }),
  ),
  client: oneOf(['postfix', 'sendmail'], {
    default: 'postfix',
    description:
      'The mail server that asks. Sendmail takes PERM for "no match", and could reject mail for a mistake in a configuration: for it a permanent failure is sent as TEMP, so that mail waits.',
  }),
})

type SocketmapSettings = Settings<typeof Listener>

export const socketmap: Protocol<SocketmapSettings> = {
  name: NAME,
  summary: 'any number of tables by name (socketmap_table(5)); the better choice',
  settings: Listener,
  otherServer: ({ client }) => (client === 'sendmail' ? 'Sendmail' : undefined),
  check({ tables = [] }, { scope, tables: known }) {
    for (const [index, name] of tables.entries()) checkName(scope, ['tables', index], 'table', name, known)
  },
  errors: {
    ...netstringErrors,
    'bad-request': 'A request without a space between table name and key. Answered PERM.',
  },
  reasons: SOCKETMAP_REASONS,
  example: { tables: undefined, client: 'postfix' },
  firstFile: `- protocol: socketmap
  listen: inet:127.0.0.1:8464
# For daemons in a chroot (Debian), a socket below Postfix's queue directory:
# - protocol: socketmap
#   listen: unix:/var/spool/postfix/mapgate/socketmap
#   mode: "0660"
#   group: postfix`,
  tables: ({ tables }) => tables,
  accept: (listener) => new SocketmapConversation(listener),
  reference: (table, place) => {
    // Postfix only reads over socketmap.
    if (table.isWritten) return undefined
    const server = place.kind === 'inet' ? `inet:${place.server}` : `unix:${place.path}`
    return { kind: 'table', text: `socketmap:${server}:${table.name}` }
  },
  client: socketmapClient,
}
