/**
 * Where Postfix connects. Rules: design.md; socketmap_table(5), tcp_table(5).
 */
import { type Static, Type } from '../json-schema.ts'
import { count, oneOf, text } from './kinds.ts'

/** Keys that everything that listens has: listeners and the admin API. */
export const socketFileKeys = {
  mode: Type.String({
    pattern: '^0?[0-7]{3}$',
    expected: 'quoted octal such as "0660"',
    default: '0660',
    description:
      'Permission bits of a unix socket file. Quoted: YAML reads a bare 0660 as the number 660, which is another mode. Anybody who may write to the socket may ask.',
  }),
  owner: Type.Optional(
    text(
      'Owner of a unix socket file: a user name or numeric id. Changing it needs the right to (CAP_CHOWN).',
      {
        defaultText: "the process's own",
      },
    ),
  ),
  group: Type.Optional(
    text(
      'Group of a unix socket file: a name or numeric id, usually `postfix`. A process may always give a file to a group it is in.',
      { defaultText: "the process's own" },
    ),
  ),
}

/** Most connections one listener may be set to hold. Ours: far above what one Postfix opens. */
const MOST_CONNECTIONS = 100_000

export const Listener = Type.Object(
  {
    protocol: oneOf(['socketmap', 'tcp_table'], {
      description:
        'What is spoken here: `socketmap` (socketmap_table(5), the better choice) or `tcp_table` (tcp_table(5)).',
    }),
    listen: text(
      'Address: `inet:HOST:PORT`, `inet:[::1]:PORT`, `unix:/PATH`, or `systemd:NAME` for a socket that systemd hands over.',
      { examples: ['inet:127.0.0.1:8464'] },
    ),
    tables: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        defaultText: 'every table',
        description:
          'socketmap only: the tables that may be asked here; any other name is refused (PERM), as a table that does not exist.',
      }),
    ),
    table: Type.Optional(
      text(
        'tcp_table only, and needed there: the one table of this listener, since the protocol has no table name.',
      ),
    ),
    ...socketFileKeys,
    allow: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        defaultText: '`[127.0.0.0/8, "::1"]`',
        description:
          'Networks (CIDR) or addresses that may connect; others are closed at once. Needed when `listen` is not a loopback address, because neither protocol knows passwords. Not for unix sockets, which have `mode`.',
      }),
    ),
    maxConnections: count(
      1,
      MOST_CONNECTIONS,
      2000,
      'Connections held at once; the longest idle one gives way to a new one. Each Postfix process keeps one open. Every connection needs a file descriptor.',
    ),
    maxConnectionsPerAddress: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MOST_CONNECTIONS,
        defaultText: '`maxConnections`',
        description:
          'Connections held at once from one client address, so that one host cannot take all places. Not for unix sockets.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ListenerFile = Static<typeof Listener>
