/**
 * proxymap: Postfix asks for its `proxy:` tables. README.md beside this file is its manual page.
 */

import { parseAddress } from '../../core/system/address.ts'
import { problem } from '../../schema/problem.ts'
import { Type } from '../../schema/schema.ts'
import { checkName, type Scope } from '../../schema/scope.ts'
import type { ListenerCheck } from '../../schema/settings-kind.ts'
import { flag, oneOf, parsed } from '../../schema/values.ts'
import type { PassTarget, Protocol } from '../protocol.ts'
import { proxymapClient, ReplyMessages } from './client.ts'
import { NAME, ProxymapConversation, type ProxymapSettings } from './conversation.ts'
import { passesTo, referenceAt, STOCK, STOCK_WRITE, writeServerBeside } from './postfix-services.ts'
import { PROXYMAP_PROBLEMS } from './problems.ts'
import { PROXYMAP_REASONS } from './reasons.ts'

/** Where Debian and most others have `queue_directory`: only below it daemons in a chroot find the socket. */
const QUEUE_DIRECTORY = '/var/spool/postfix/'

const Listener = Type.Object({
  tables: Type.Optional(
    Type.Array(Type.String(), {
      minItems: 1,
      defaultText: 'every table',
      description:
        'The tables that may be asked here, without the `mapgate:` before their names. A lookup in any other one is answered "try again later", and logged.',
    }),
  ),
  write: Type.Array(Type.String(), {
    default: [],
    description:
      'The tables that Postfix may write here, each of a store: for `address_verify_map` and `postscreen_cache_map`, with `proxywrite_service_name`. They may be looked up, too. Give them a listener of their own.',
  }),
  greeting: oneOf(['auto', 'always', 'never'], {
    default: 'auto',
    description:
      'Postfix from 3.6 on waits for a greeting; 3.4 and 3.5 take it for a wrong reply. `auto` greets a client that is silent for 50 ms, `always` at once, `never` is for 3.4 and 3.5 alone.',
  }),
  pattern: flag(
    false,
    "False: Postfix folds keys and tries partial ones itself, as in an indexed file, and the table's `search` has no say. True: it sends the full key only, as over socketmap.",
  ),
  pass: Type.Optional(
    parsed<PassTarget>(
      {
        syntax: (written, shown) => {
          const address = parseAddress(written)
          if (address.kind === 'unix') return undefined
          return `${shown} is not a unix socket; write the one of Postfix, ${STOCK}`
        },
        stopgap: STOCK,
        decode: (written) => {
          const address = parseAddress(written)
          if (address.kind !== 'unix') throw new TypeError('unchecked address')
          return { address, createDecoder: () => new ReplyMessages() }
        },
      },
      {
        defaultText: 'they are answered "try again later"',
        examples: [STOCK, STOCK_WRITE],
        description:
          'Another proxymap server, usually that of Postfix, which is asked for the tables that are not ours: requests and replies go through unchanged. For `proxymap_service_name` it is `private/proxymap`, for `proxywrite_service_name` (a listener with `write`) `private/proxywrite`. `private` is open to the user postfix only, so mapgate needs that user or an ACL.',
      },
    ),
  ),
})

export const proxymap: Protocol<ProxymapSettings> = {
  name: NAME,
  summary:
    'any number of tables as `proxy:mapgate:NAME`, with the partial-key search of Postfix (proxymap(8)), over a unix socket',
  settings: Listener,
  check: checkListener,
  errors: {
    'bad-request': 'Not one of the requests, or one without its attributes. Answered "try again later".',
    'request-limit': 'A request longer than 131072 bytes. Skipped, and answered "try again later".',
    write: 'A change of a table that is not in `write`. Refused (5).',
  },
  reasons: PROXYMAP_REASONS,
  problems: PROXYMAP_PROBLEMS,
  example: { tables: undefined, write: [], greeting: 'auto', pattern: false, pass: undefined },
  tables: ({ tables, write }) => tables && [...tables, ...write],
  passesOn: ({ pass }) => pass !== undefined,
  accept: (listener) => new ProxymapConversation(listener),
  reference: (table, place, settings) => {
    if (place.kind === 'inet' && !place.isHeldBySystemd) return undefined
    return referenceAt(table, place.kind === 'unix' ? place.path : undefined, settings)
  },
  client: proxymapClient,
}

function checkListener(
  settings: ProxymapSettings,
  { scope, tables: known, table, passesOnTo }: ListenerCheck,
): void {
  const { tables = [], write, greeting, pass } = settings
  for (const [index, name] of tables.entries()) checkName(scope, ['tables', index], 'table', name, known)
  for (const [index, name] of write.entries()) {
    checkName(scope, ['write', index], 'table', name, known)
    if (table(name)?.isWritten === false)
      scope.error(
        ['write', index],
        problem(PROXYMAP_PROBLEMS, 'proxymap-write-without-store', scope.show(['write', index], name)),
      )
  }
  const listen = scope.textAt(['listen'])
  if (listen.startsWith('inet:')) scope.error(['listen'], problem(PROXYMAP_PROBLEMS, 'proxymap-not-unix'))
  if (listen.startsWith('unix:') && !listen.startsWith(`unix:${QUEUE_DIRECTORY}`))
    scope.warning(['listen'], problem(PROXYMAP_PROBLEMS, 'proxymap-outside-queue', QUEUE_DIRECTORY))
  if (pass?.address.kind === 'unix' && `unix:${pass.address.path}` === listen)
    scope.error(['pass'], problem(PROXYMAP_PROBLEMS, 'proxymap-pass-is-itself', STOCK))
  else if (pass?.address.kind === 'unix') passesOnTo(['pass'], pass.address.path)
  checkForeignTables(settings, scope)
  if (greeting === 'never') scope.warning(['greeting'], problem(PROXYMAP_PROBLEMS, 'proxymap-greeting'))
}

/** Postfix's two servers refuse the tables of each other by DENY, which ends the daemon that asked. */
function checkForeignTables({ tables = [], write, pass }: ProxymapSettings, scope: Scope): void {
  if (pass === undefined && write.length > 0)
    scope.warning([], problem(PROXYMAP_PROBLEMS, 'proxymap-write-without-pass', STOCK_WRITE))
  else if (pass === undefined) scope.warning([], problem(PROXYMAP_PROBLEMS, 'proxymap-without-pass', STOCK))
  if (write.length > 0 && passesTo(pass) === 'reading')
    scope.warning(['pass'], problem(PROXYMAP_PROBLEMS, 'proxymap-pass-only-reads', writeServerBeside(pass)))
  if (passesTo(pass) !== 'writing') return
  if (write.length === 0)
    scope.warning(['pass'], problem(PROXYMAP_PROBLEMS, 'proxymap-pass-only-writes', STOCK))
  else if (tables.length > 0)
    scope.warning(['tables'], problem(PROXYMAP_PROBLEMS, 'proxymap-read-tables-refused', STOCK))
}
