/**
 * Upstreams: each is of one kind, and has what that needs.
 */
import { problem } from '../../schema/problem.ts'
import type { Scope } from '../../schema/scope.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { listOf } from '../../schema/suggest.ts'
import type { FileSettings } from '../schema/file.ts'
import type { UpstreamSettings } from '../schema/upstream.ts'
import type { OwnFolders } from './own-folders.ts'
import { CHECK_PROBLEMS } from './problems.ts'

/** @param scope Of the section `upstreams`. */
export function checkUpstreams(
  { upstreams, shared }: FileSettings,
  kinds: readonly UpstreamSettingsKind[],
  scope: Scope,
  folders: OwnFolders,
): void {
  for (const [name, upstream] of upstreams) {
    const kind = kinds.find((one) => one.name === upstream.kind)
    if (kind === undefined)
      scope.error([name], problem(CHECK_PROBLEMS, 'upstream-without-kind', noKind(kinds)))
    else {
      const all = allOf(kind.name, upstreams)
      const own = scope.within([name])
      kind.check?.(upstream, own, { all, isShared: shared !== undefined, ...folders.of(own) })
    }
  }
}

function allOf(kind: string, upstreams: FileSettings['upstreams']): readonly UpstreamSettings[] {
  return Array.from(upstreams.values()).filter((upstream) => upstream.kind === kind)
}

function noKind(kinds: readonly UpstreamSettingsKind[]): string {
  const words = kinds.map(({ word }) => `"${word}"`)
  const none = words.length === 2 ? `neither ${listOf(words, 'nor')}` : `none of ${listOf(words)}`
  const [usual] = kinds
  const advice = usual === undefined ? '' : `; add ${usual.wordMeans} as "${usual.word}"`
  return `${none}${advice}`
}
