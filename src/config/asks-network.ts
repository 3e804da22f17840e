import type { SettingsKinds } from '../schema/settings-kind.ts'

/**
 * Returns whether a table asks something that may be down or wrong.
 *
 * @param names The upstreams of the table.
 * @param upstreams All of the file.
 */
export function asksNetwork(
  names: readonly string[],
  upstreams: ReadonlyMap<string, { readonly kind: string }>,
  kinds: SettingsKinds,
): boolean {
  const remote = new Set(kinds.upstreams.filter(({ isRemote }) => isRemote).map(({ name }) => name))
  return names.some((name) => remote.has(upstreams.get(name)?.kind ?? ''))
}
