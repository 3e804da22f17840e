/**
 * policy: smtpd asks what to do with a client, a sender, a recipient. README.md beside this file is its manual page.
 */

import { problem } from '../../schema/problem.ts'
import { Type } from '../../schema/schema.ts'
import { checkName } from '../../schema/scope.ts'
import type { CheckedTable } from '../../schema/settings-kind.ts'
import { text } from '../../schema/values.ts'
import type { Protocol } from '../protocol.ts'
import { ATTRIBUTES, MAY_BE_EMPTY } from './attributes.ts'
import { policyClient } from './client.ts'
import { NAME, PolicyConversation, type PolicySettings } from './conversation.ts'
import { POLICY_PROBLEMS } from './problems.ts'
import { POLICY_REASONS } from './reasons.ts'

const Listener = Type.Object({
  table: text('The one table of this listener, since the protocol has no table name.', {
    whyNeeded: 'a policy request names no table, so one listener serves one table',
  }),
})

/** `timeout` that main-cf writes, seconds. Ours: above every deadline, so that smtpd never asks the same again. */
const SMTPD_TIMEOUT_S = 10

/** Longest deadline of a table, ms: two seconds before smtpd gives up. */
const MAX_DEADLINE_MS = 8000

export const policy: Protocol<PolicySettings> = {
  name: NAME,
  summary: 'what to do with a client, a sender or a recipient (check_policy_service)',
  settings: Listener,
  attributes: { shown: ATTRIBUTES, secret: [], mayBeEmpty: MAY_BE_EMPTY },
  outage: {
    stops: 'mail that this policy decides about',
    replies: [
      {
        word: 'DUNNO',
        as: 'notFound',
        does: 'the check is missed, and mail passes unchecked',
        adviceIf: 'if it may pass unchecked',
      },
      { word: 'DEFER_IF_PERMIT', as: 'temporary', does: 'the mail waits' },
    ],
  },
  check({ table: name }, { scope, tables, table }) {
    checkName(scope, ['table'], 'table', name, tables)
    const asked = table(name)
    if (asked !== undefined) checkTable(asked)
  },
  errors: {
    'bad-request': 'A request that smtpd does not send. Answered DEFER_IF_PERMIT.',
    'request-limit':
      'A request longer than 131072 bytes, or of more than 100 attributes. Answered DEFER_IF_PERMIT.',
  },
  reasons: POLICY_REASONS,
  problems: POLICY_PROBLEMS,
  example: { table: 'aliases' },
  tables: ({ table }) => [table],
  accept: (listener) => new PolicyConversation(listener),
  reference: (_table, place) => {
    const server = place.kind === 'inet' ? `inet:${place.server}` : `unix:${place.path}`
    return {
      kind: 'lines',
      notes: [
        'behind reject_unauth_destination: an OK before it lets everybody relay',
        'before it, only what permits your own users: permit_mynetworks, permit_sasl_authenticated',
      ],
      lines: [
        `smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service { ${server}, timeout=${SMTPD_TIMEOUT_S}s }`,
      ],
    }
  },
  client: policyClient,
}

function checkTable({
  scope,
  attributes,
  deadlineMs,
  whenUnknown,
  replyParts,
  lacksCanary,
}: CheckedTable): void {
  if (attributes.size === 0) scope.error([], problem(POLICY_PROBLEMS, 'policy-without-attributes'))
  else if (!replyParts.has('place') && !replyParts.has('mark'))
    scope.warning([], problem(POLICY_PROBLEMS, 'policy-whole-body'))
  if (whenUnknown === 'DUNNO')
    scope.warning(['whenUnknown'], problem(POLICY_PROBLEMS, 'policy-passes-unchecked'))
  // With DUNNO the whole file is checked for one.
  else if (attributes.size > 0 && lacksCanary)
    scope.warning([], problem(POLICY_PROBLEMS, 'policy-without-canary'))
  if (deadlineMs > MAX_DEADLINE_MS)
    scope.warning(
      scope.isWritten(['deadline']) ? ['deadline'] : [],
      problem(POLICY_PROBLEMS, 'policy-deadline', scope.textAt(['deadline']), SMTPD_TIMEOUT_S),
    )
}
