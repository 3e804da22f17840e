/**
 * sasl: smtpd asks whether somebody is who they say. README.md beside this file is its manual page.
 */

import { problem } from '../../schema/problem.ts'
import { Type } from '../../schema/schema.ts'
import { checkName } from '../../schema/scope.ts'
import type { CheckedTable } from '../../schema/settings-kind.ts'
import { duration, oneOf, text } from '../../schema/values.ts'
import type { Protocol } from '../protocol.ts'
import { saslClient } from './client.ts'
import { NAME, SaslConversation, type SaslSettings } from './conversation.ts'
import { MAX_DELAYS } from './failures.ts'
import { MECHANISM_NAMES, type MechanismName } from './mechanisms.ts'
import { SASL_PROBLEMS } from './problems.ts'
import { SASL_REASONS } from './reasons.ts'

const BY_PASSWORD: readonly MechanismName[] = ['PLAIN', 'LOGIN']

const Listener = Type.Object({
  table: text('The one table of this listener, since the protocol has no table name.', {
    whyNeeded: 'a login names no table, so one listener serves one table',
  }),
  tokenTable: Type.Optional(
    text(
      'The table for logins by token, where tokens are known elsewhere: to a service that introspects them (RFC 7662), or to an issuer whose keys check them (`jwks`).',
      { defaultText: '`table`' },
    ),
  ),
  mechanisms: Type.Array(oneOf(MECHANISM_NAMES, { description: 'One way to log in.' }), {
    minItems: 1,
    default: BY_PASSWORD,
    description:
      'The ways to log in that are offered: by password `PLAIN` and `LOGIN`, by token `XOAUTH2` and `OAUTHBEARER`.',
  }),
  failDelay: duration(
    { min: '0ms', max: '2s' },
    '1s',
    'How long the refusal of a wrong password is held back: once for the first of a client address, twice for the second, three times from the third on. A right one ends the counting.',
  ),
})

/** Longest time from the request to its reply, ms: two seconds before smtpd gives up (AUTH_TIMEOUT is 10 s). */
const MAX_REPLY_MS = 8000

/** Longest time for which a login may be taken for right without asking, ms. Ours: a changed password works that long. */
const MAX_KEPT_MS = 60_000

const SHOWN = ['user', 'mechanism', 'service', 'client_address', 'server_address', 'secured']
const SECRET = ['password', 'token']

/** With OAUTHBEARER the token may say who it is of. */
const MAY_BE_EMPTY = ['user', 'service', 'secured', ...SECRET]

export const sasl: Protocol<SaslSettings> = {
  name: NAME,
  summary: 'whether a user may log in, as Dovecot answers it (smtpd_sasl_type = dovecot)',
  settings: Listener,
  attributes: { shown: SHOWN, secret: SECRET, mayBeEmpty: MAY_BE_EMPTY },
  outage: { stops: 'every login', replies: [] },
  check({ table: name, tokenTable, mechanisms, failDelayMs }, { scope, tables, table }) {
    const byToken = mechanisms.filter((one) => !BY_PASSWORD.includes(one))
    checkName(scope, ['table'], 'table', name, tables)
    if (tokenTable !== undefined) checkName(scope, ['tokenTable'], 'table', tokenTable, tables)
    if (tokenTable !== undefined && byToken.length === 0)
      scope.warning(['tokenTable'], problem(SASL_PROBLEMS, 'sasl-without-token-mechanism'))
    const byPassword = mechanisms.filter((one) => BY_PASSWORD.includes(one))
    checkTable(table(name), tokenTable === undefined ? mechanisms : byPassword, failDelayMs)
    if (tokenTable !== undefined && tokenTable !== name) checkTable(table(tokenTable), byToken, failDelayMs)
  },
  errors: {
    'bad-request':
      'A line that is no request, or of a login that was given up: skipped. A login by a mechanism that is not offered: the connection is closed.',
    'request-limit': 'A line longer than 16384 bytes. The connection is closed.',
    version: 'Another major version than 1. The connection is closed.',
  },
  reasons: SASL_REASONS,
  problems: SASL_PROBLEMS,
  example: { table: 'aliases', mechanisms: MECHANISM_NAMES, failDelayMs: 1000 },
  tables: ({ table, tokenTable }) => (tokenTable === undefined ? [table] : [table, tokenTable]),
  accept: (listener) => new SaslConversation(listener),
  reference: (_table, place) => ({
    kind: 'lines',
    notes: [
      'who may log in is set for submission and smtps in master.cf, and for no other service:',
      '  -o smtpd_sasl_auth_enable=yes',
    ],
    lines: [
      'smtpd_sasl_type = dovecot',
      `smtpd_sasl_path = ${place.kind === 'inet' ? `inet:${place.server}` : place.path}`,
      'smtpd_sasl_security_options = noanonymous',
      'smtpd_tls_auth_only = yes',
    ],
  }),
  client: saslClient,
}

function checkTable(
  asked: CheckedTable | undefined,
  mechanisms: readonly MechanismName[],
  failDelayMs: number,
): void {
  if (asked === undefined) return
  if (asked.attributes.size === 0) {
    asked.scope.error([], problem(SASL_PROBLEMS, 'sasl-without-attributes'))
    return
  }
  checkCredentials(asked, mechanisms)
  checkAnswers(asked)
  checkTime(asked, failDelayMs)
  // A token ends, so none is a canary for long.
  if (asked.lacksCanary && asked.attributes.has('password'))
    asked.scope.warning([], problem(SASL_PROBLEMS, 'sasl-without-canary'))
}

/** What proves who somebody is must reach the service. */
function checkCredentials({ scope, attributes }: CheckedTable, mechanisms: readonly MechanismName[]): void {
  const byPassword = mechanisms.filter((name) => BY_PASSWORD.includes(name))
  const byToken = mechanisms.filter((name) => !BY_PASSWORD.includes(name))
  for (const [attribute, offered] of [
    ['password', byPassword],
    ['token', byToken],
  ] as const)
    if (offered.length > 0 && !attributes.has(attribute))
      scope.error([], problem(SASL_PROBLEMS, 'sasl-lacks-attribute', attribute, offered.join(' or ')))
}

/** Only the service's own word lets anybody in. */
function checkAnswers({ scope, replyParts }: CheckedTable): void {
  if (!replyParts.has('user')) scope.error([], problem(SASL_PROBLEMS, 'sasl-without-user'))
  else if (!replyParts.has('mark')) scope.warning([], problem(SASL_PROBLEMS, 'sasl-without-mark'))
  if (replyParts.has('user') && !replyParts.has('refusal'))
    scope.warning([], problem(SASL_PROBLEMS, 'sasl-without-refusal'))
}

function checkTime({ scope, deadlineMs, cacheBy, keptForMs }: CheckedTable, failDelayMs: number): void {
  const delayMs = MAX_DELAYS * failDelayMs
  if (deadlineMs + delayMs > MAX_REPLY_MS)
    scope.error(
      scope.isWritten(['deadline']) ? ['deadline'] : [],
      problem(SASL_PROBLEMS, 'sasl-deadline', scope.textAt(['deadline'])),
    )
  if (cacheBy === undefined) return
  for (const name of ['user', ...SECRET])
    if (!cacheBy.includes(name)) scope.error(['cacheBy'], problem(SASL_PROBLEMS, 'sasl-cache-by-lacks', name))
  if (keptForMs !== undefined && keptForMs > MAX_KEPT_MS)
    scope.error(['cacheBy'], problem(SASL_PROBLEMS, 'sasl-cached-too-long'))
}
