/**
 * The upstream that a table asks beside its own: refused wherever one more question could count, reserve or give something away.
 */
import { checkName, type Scope } from '../../schema/scope.ts'
import type { SettingsKinds } from '../../schema/settings-kind.ts'
import { asksNetwork } from '../asks-network.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'

export function checkShadow(
  {
    shadow,
    upstream = [],
    sideEffects,
    hasAttributes,
  }: TableSettings & { readonly sideEffects: boolean; readonly hasAttributes: boolean },
  upstreams: FileSettings['upstreams'],
  kinds: SettingsKinds,
  scope: Scope,
): void {
  if (shadow === undefined) return
  const { upstream: name } = shadow
  const at = scope.isWritten(['shadow', 'upstream']) ? ['shadow', 'upstream'] : ['shadow']
  checkName(scope, at, 'upstream', name, [...upstreams.keys()])
  if (upstream.includes(name))
    scope.error(at, `${scope.show(at, name)} is the table's own upstream; name the one to compare it with`)
  const kind = kinds.upstreams.find((one) => one.name === upstreams.get(name)?.kind)
  if (kind?.isWritten === true) scope.error(at, `"${name}" is ${kind.summary}; name one that is only read`)
  const allKnown = upstream.length > 0 && upstream.every((one) => upstreams.has(one))
  if (allKnown && !asksNetwork(upstream, upstreams, kinds))
    scope.error(
      ['shadow'],
      'has nothing to compare: no upstream of this table is asked over a network; remove it',
    )
  if (hasAttributes)
    scope.error(
      ['shadow'],
      'is for tables that are asked by keys, and this one is asked by attributes; remove it',
    )
  else if (sideEffects)
    scope.error(
      ['shadow'],
      'cannot be used with sideEffects: true, where each lookup is one request; remove one',
    )
}
