/**
 * The canary of a table: a key, or attributes where the table is asked by those.
 */

import { ALL_ATTRIBUTES } from '../../core/attributes.ts'
import { problem } from '../../schema/problem.ts'
import { checkName, type Scope } from '../../schema/scope.ts'
import type { SettingsKinds } from '../../schema/settings-kind.ts'
import { listOf } from '../../schema/suggest.ts'
import { asksNetwork } from '../asks-network.ts'
import { attributesOf, knownAttributes } from '../attributes.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'
import { unknownReplies } from '../schema/unknown-replies.ts'
import { CHECK_PROBLEMS } from './problems.ts'

export function checkCanary(
  file: FileSettings,
  table: TableSettings,
  kinds: SettingsKinds,
  scope: Scope,
): void {
  const { canary, upstream = [] } = table
  // Where an upstream is missing or unknown, that is the mistake, and nobody knows what it would be.
  const allKnown = upstream.length > 0 && upstream.every((name) => file.upstreams.has(name))
  const isRemote = asksNetwork(upstream, file.upstreams, kinds)
  const asked = attributesOf(table, kinds)
  if (canary === undefined) {
    if (allKnown && isRemote) checkNeeded(table, asked.size > 0, kinds, scope)
    return
  }
  if (allKnown && !isRemote) scope.warning(['canary'], problem(CHECK_PROBLEMS, 'canary-without-network'))
  const own = scope.within(['canary'])
  if (asked.size === 0) checkKey(own)
  else checkAttributes(canary.attributes, asked, kinds, own)
}

/** What passes in an outage must not pass for a key that a stranger chose so that the service fails. */
function checkNeeded(
  { whenUnknown, sideEffects }: TableSettings,
  hasAttributes: boolean,
  kinds: SettingsKinds,
  scope: Scope,
): void {
  const reply = unknownReplies(kinds.protocols).find(({ word }) => word === whenUnknown)
  if (whenUnknown !== 'notFound' && reply?.as !== 'notFound') return
  // A key that counts is no question that may be asked again and again.
  if (sideEffects && !hasAttributes) return
  const write = hasAttributes
    ? 'canary: { attributes: ... } with a question that the service always has an answer to'
    : 'canary: { key: ... } with a key that the service always has'
  scope.warning(['whenUnknown'], problem(CHECK_PROBLEMS, 'unknown-without-canary', write))
}

function checkKey(scope: Scope): void {
  if (scope.isWritten(['attributes']))
    scope.error(['attributes'], problem(CHECK_PROBLEMS, 'canary-attributes-without-request'))
  else if (!scope.isWritten(['key'])) scope.error([], problem(CHECK_PROBLEMS, 'canary-without-key'))
}

/** @param asked What the request of the table names. */
function checkAttributes(
  attributes: ReadonlyMap<string, string> | undefined,
  asked: ReadonlySet<string>,
  kinds: SettingsKinds,
  scope: Scope,
): void {
  if (scope.isWritten(['key'])) scope.error(['key'], problem(CHECK_PROBLEMS, 'canary-key-with-attributes'))
  if (attributes === undefined) {
    if (!scope.isWritten(['key'])) scope.error([], problem(CHECK_PROBLEMS, 'canary-without-attributes'))
    return
  }
  const { shown, secret } = knownAttributes(kinds)
  for (const name of attributes.keys())
    checkName(scope, ['attributes', name], 'attribute', name, [...shown, ...secret])
  const missing = [...asked].filter((name) => name !== ALL_ATTRIBUTES && !attributes.has(name))
  if (missing.length > 0)
    scope.error(['attributes'], problem(CHECK_PROBLEMS, 'canary-lacks-attributes', listOf(missing, 'and')))
}
