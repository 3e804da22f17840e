/**
 * memcache: Postfix asks any number of tables as it asks a memcached. README.md beside this file is its manual page.
 */

import { problem } from '../../schema/problem.ts'
import { type Settings, Type } from '../../schema/schema.ts'
import { checkName } from '../../schema/scope.ts'
import type { ListenerCheck } from '../../schema/settings-kind.ts'
import type { NamedTable, PostfixReference, Protocol } from '../protocol.ts'
import { memcacheClient } from './client.ts'
import { MAX_VALUE_BYTES, MemcacheConversation, NAME } from './conversation.ts'
import { MEMCACHE_PROBLEMS } from './problems.ts'
import { MEMCACHE_REASONS } from './reasons.ts'

const Listener = Type.Object({
  tables: Type.Optional(
    Type.Array(Type.String(), {
      minItems: 1,
      defaultText: 'every table',
      description:
        'The tables that may be asked here; any other name is refused (SERVER_ERROR), as a table that does not exist.',
    }),
  ),
})

type MemcacheSettings = Settings<typeof Listener>

/** Source: memcache_table(5). Ours: a deadline of 5 s, and then some. */
const CLIENT_TIMEOUT_S = 10

/** For a table that Postfix writes. Source: memcache_table(5), ttl: 3600 where it is not said, a date from 30 days on; no cleanup without a backup. */
const WRITTEN_NOTES = [
  'With ttl = 0 an entry lives as long as the ttl of its store says; without that line Postfix says 3600, an hour.',
  'Postfix cannot list entries over memcache, so that its cleanup would only warn. Turn that of this table off:',
  'address_verify_cache_cleanup_interval = 0, or postscreen_cache_cleanup_interval = 0',
]

/** Longest reply line. Source: memcache_table(5), line_size_limit; ours: a reason and a key fit in twice. */
const CLIENT_LINE_BYTES = 4096

export const memcache: Protocol<MemcacheSettings> = {
  name: NAME,
  summary:
    'any number of tables, with the partial-key search of Postfix (memcache_table(5)), over TCP or unix sockets',
  settings: Listener,
  check: checkListener,
  errors: {
    'bad-request': 'A command that is none, or a key without a table. Answered with an error.',
    'request-limit': 'A line or a value longer than 131072 bytes. Skipped, and answered SERVER_ERROR.',
    'bad-block': 'A value that does not end where its length says. Answered CLIENT_ERROR, and closed.',
  },
  reasons: MEMCACHE_REASONS,
  problems: MEMCACHE_PROBLEMS,
  example: { tables: undefined },
  tables: ({ tables }) => tables,
  accept: () => new MemcacheConversation(),
  reference: (table, place) => {
    const server = place.kind === 'inet' ? `inet:${place.server}` : `unix:${place.path}`
    return reference(table, server)
  },
  client: memcacheClient,
}

/** What Postfix makes of a key that it does not send depends on what the table is for. */
function checkListener({ tables }: MemcacheSettings, { scope, tables: known, table }: ListenerCheck): void {
  for (const [index, name] of tables?.entries() ?? [])
    checkName(scope, ['tables', index], 'table', name, known)
  const served = (tables ?? known).flatMap((name) => table(name) ?? [])
  if (served.length === 0 || served.some(({ isWritten }) => !isWritten))
    scope.warning(['protocol'], problem(MEMCACHE_PROBLEMS, 'memcache-white-space'))
  if (served.some(({ isWritten }) => isWritten))
    scope.warning(['protocol'], problem(MEMCACHE_PROBLEMS, 'memcache-white-space-written'))
}

/** Postfix takes a file for each table, which is made of these lines. */
function reference({ name: table, isWritten }: NamedTable, server: string): PostfixReference {
  const file = `/etc/postfix/mapgate-${table}.cf`
  const lines = [
    `${file} has these lines:`,
    `  memcache = ${server}`,
    `  key_format = ${table}/%s`,
    '  max_try = 1',
    `  timeout = ${CLIENT_TIMEOUT_S}`,
    `  data_size_limit = ${MAX_VALUE_BYTES}`,
    `  line_size_limit = ${CLIENT_LINE_BYTES}`,
    ...(isWritten ? ['  ttl = 0', ...WRITTEN_NOTES] : []),
  ]
  return {
    kind: 'table',
    text: `${NAME}:${file}`,
    server: `${NAME}:${server}:${table}`,
    notes: [lines.join('\n')],
  }
}
