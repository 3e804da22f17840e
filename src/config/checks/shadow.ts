/**
 * The upstream that a table asks beside its own: refused wherever one more question could count, reserve or give something away.
 */

import { problem } from '../../schema/problem.ts'
import { checkName, type Scope } from '../../schema/scope.ts'
import type { SettingsKinds } from '../../schema/settings-kind.ts'
import { asksNetwork } from '../asks-network.ts'
import type { FileSettings } from '../schema/file.ts'
import type { TableSettings } from '../schema/table.ts'
import { CHECK_PROBLEMS } from './problems.ts'

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
    scope.error(at, problem(CHECK_PROBLEMS, 'shadow-is-itself', scope.show(at, name)))
  const kind = kinds.upstreams.find((one) => one.name === upstreams.get(name)?.kind)
  if (kind?.isWritten === true)
    scope.error(at, problem(CHECK_PROBLEMS, 'shadow-is-written', name, kind.summary))
  const allKnown = upstream.length > 0 && upstream.every((one) => upstreams.has(one))
  if (allKnown && !asksNetwork(upstream, upstreams, kinds))
    scope.error(['shadow'], problem(CHECK_PROBLEMS, 'shadow-without-network'))
  if (hasAttributes) scope.error(['shadow'], problem(CHECK_PROBLEMS, 'shadow-with-attributes'))
  else if (sideEffects) scope.error(['shadow'], problem(CHECK_PROBLEMS, 'shadow-with-side-effects'))
}
