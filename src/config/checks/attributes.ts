/**
 * Tables that are asked by attributes, and the listeners that ask them: what has a meaning for keys only is refused.
 */

import { ALL_ATTRIBUTES, type AttributeNames } from '../../core/attributes.ts'
import { problem } from '../../schema/problem.ts'
import { checkName, type Scope } from '../../schema/scope.ts'
import type {
  CheckedTable,
  ListenerSettingsKind,
  SettingsKinds,
  UnknownReply,
} from '../../schema/settings-kind.ts'
import { didYouMean, listOf } from '../../schema/suggest.ts'
import { attributesOf, knownAttributes } from '../attributes.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'
import { unknownReplies } from '../schema/unknown-replies.ts'
import { CHECK_PROBLEMS } from './problems.ts'

/** Keys that say what a key means. */
const ABOUT_KEYS: readonly (readonly string[])[] = [['usedBy'], ['domains'], ['cache', 'staleNotFound']]

export function checkAttributes(
  table: TableSettings,
  file: FileSettings,
  kinds: SettingsKinds,
  scope: Scope,
): void {
  const hasAttributes = attributesOf(table, kinds).size > 0
  const { whenUnknown, cacheBy, cache } = table
  if (!hasAttributes) {
    if (cacheBy !== undefined)
      scope.error(['cacheBy'], problem(CHECK_PROBLEMS, 'cache-by-without-attributes'))
    if (whenUnknown !== undefined && whenUnknown !== 'notFound')
      scope.error(['whenUnknown'], problem(CHECK_PROBLEMS, 'reply-without-attributes', whenUnknown))
    return
  }
  for (const path of ABOUT_KEYS)
    if (scope.isWritten(path)) scope.error(path, problem(CHECK_PROBLEMS, 'setting-about-keys'))
  if (whenUnknown === 'notFound')
    scope.error(
      ['whenUnknown'],
      problem(CHECK_PROBLEMS, 'not-found-with-attributes', wordsOf(unknownReplies(kinds.protocols))),
    )
  checkCacheBy(cacheBy, knownAttributes(kinds), scope)
  if (cacheBy === undefined && cache !== undefined && scope.isWritten(['cache']))
    scope.warning(['cache'], problem(CHECK_PROBLEMS, 'cache-without-cache-by'))
  if (cacheBy !== undefined && cache === undefined)
    scope.error(['cacheBy'], problem(CHECK_PROBLEMS, 'cache-by-without-cache'))
  checkUpstreams(table, file, kinds, scope)
}

function checkCacheBy(
  cacheBy: readonly string[] | undefined,
  { shown, secret }: AttributeNames,
  scope: Scope,
): void {
  for (const [index, name] of (cacheBy ?? []).entries())
    checkName(scope, ['cacheBy', index], 'attribute', name, [...shown, ...secret])
}

/** A kind that knows keys only would be asked for nothing. */
function checkUpstreams(
  { upstream = [] }: TableSettings,
  file: FileSettings,
  kinds: SettingsKinds,
  scope: Scope,
) {
  for (const name of upstream) {
    const kind = kinds.upstreams.find((one) => one.name === file.upstreams.get(name)?.kind)
    if (kind !== undefined && kind.attributesOf === undefined)
      scope.error(['upstream'], problem(CHECK_PROBLEMS, 'upstream-takes-no-attributes', name, kind.summary))
  }
}

/** Refuses a table at a listener whose clients do not send what it asks for. */
export function checkServedAttributes(
  protocol: ListenerSettingsKind,
  served: readonly string[] | undefined,
  table: (name: string) => CheckedTable | undefined,
  kinds: SettingsKinds,
  scope: Scope,
): void {
  const known = Object.values(knownAttributes(kinds)).flat()
  const { name: spoken, attributes, outage } = protocol
  const sent = [...(attributes?.shown ?? []), ...(attributes?.secret ?? []), ALL_ATTRIBUTES]
  for (const name of served ?? []) {
    const asked = table(name)
    const named = [...(asked?.attributes ?? [])]
    if (asked === undefined || named.length === 0) continue
    if (attributes === undefined) {
      scope.error([], problem(CHECK_PROBLEMS, 'listener-sends-keys-only', name, spoken))
      continue
    }
    checkUnknownReply(asked, spoken, outage?.replies ?? [])
    const missing = named.filter((one) => !sent.includes(one) && known.includes(one))
    if (missing.length > 0)
      scope.error(
        [],
        problem(
          CHECK_PROBLEMS,
          'listener-lacks-attribute',
          name,
          listOf(missing, 'and'),
          spoken,
          didYouMean(missing[0] ?? '', sent),
        ),
      )
  }
}

/** Refuses a word of `whenUnknown` that the clients of a listener are never told. */
function checkUnknownReply(
  { scope, whenUnknown }: CheckedTable,
  spoken: string,
  replies: readonly UnknownReply[],
): void {
  if (whenUnknown === undefined || whenUnknown === 'notFound') return
  if (replies.some(({ word }) => word === whenUnknown)) return
  const advice = replies.length === 0 ? 'remove it' : `write ${wordsOf(replies)}`
  scope.error(['whenUnknown'], problem(CHECK_PROBLEMS, 'listener-lacks-reply', spoken, whenUnknown, advice))
}

function wordsOf(replies: readonly UnknownReply[]): string {
  return listOf(
    replies.map(({ word }) => word),
    'or',
  )
}
