/**
 * Tables that are asked by attributes, and the listeners that ask them: what has a meaning for keys only is refused.
 */
import { ALL_ATTRIBUTES, type AttributeNames } from '../../core/attributes.ts'
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
      scope.error(
        ['cacheBy'],
        'is only for tables whose request has {attribute...}; answers to keys are stored by key',
      )
    if (whenUnknown !== undefined && whenUnknown !== 'notFound')
      scope.error(
        ['whenUnknown'],
        `${whenUnknown} is only for tables whose request has {attribute...}; remove it`,
      )
    return
  }
  for (const path of ABOUT_KEYS)
    if (scope.isWritten(path))
      scope.error(path, 'is about keys, and this table is asked by attributes; remove it')
  if (whenUnknown === 'notFound')
    scope.error(
      ['whenUnknown'],
      `a table that is asked by attributes has ${wordsOf(unknownReplies(kinds.protocols))} here; write one of them`,
    )
  checkCacheBy(cacheBy, knownAttributes(kinds), scope)
  if (cacheBy === undefined && cache !== undefined && scope.isWritten(['cache']))
    scope.warning(
      ['cache'],
      'has no effect without cacheBy: nothing is stored; add cacheBy, or write cache: off',
    )
  if (cacheBy !== undefined && cache === undefined)
    scope.error(['cacheBy'], 'cannot be used with cache: off, where nothing is stored; remove one')
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
      scope.error(
        ['upstream'],
        `"${name}" is ${kind.summary}, which takes keys and no attributes; use another`,
      )
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
      scope.error(
        [],
        `table "${name}" is asked by attributes, and ${spoken} has keys only; let another listener serve it`,
      )
      continue
    }
    checkUnknownReply(asked, spoken, outage?.replies ?? [])
    const missing = named.filter((one) => !sent.includes(one) && known.includes(one))
    if (missing.length > 0)
      scope.error(
        [],
        `table "${name}" asks for ${listOf(missing, 'and')}, which ${spoken} does not send; ${didYouMean(missing[0] ?? '', sent)}`,
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
  scope.error(
    ['whenUnknown'],
    `${spoken} has no reply ${whenUnknown}: in an outage its clients are told to try again later; ${advice}`,
  )
}

function wordsOf(replies: readonly UnknownReply[]): string {
  return listOf(
    replies.map(({ word }) => word),
    'or',
  )
}
