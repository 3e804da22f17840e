/**
 * The upstreams of the configuration, each made by its kind.
 */
import type { SharedUpstream, UpstreamKind, UpstreamParts, UpstreamSettings } from '../upstreams/kind.ts'
import type { UpstreamKinds } from '../upstreams/registry.ts'

export type RunningUpstreams = ReadonlyMap<string, SharedUpstream>

/**
 * Plans the upstreams of a configuration, which may take over what fits of those that run. Nothing
 * that runs is changed: `configure` does that, once everything else is ready.
 *
 * @throws (rejects) when something that the settings name cannot be used, such as a certificate file.
 */
export async function planUpstreams(
  configs: Iterable<UpstreamSettings>,
  kinds: UpstreamKinds,
  running: RunningUpstreams,
  parts: UpstreamParts,
): Promise<RunningUpstreams> {
  const planned = new Map<string, SharedUpstream>()
  try {
    for (const config of configs) {
      planned.set(config.name, await kindOf(config, kinds).plan(config, running.get(config.name), parts))
    }
  } catch (error) {
    await closeUpstreams(planned, running)
    throw error
  }
  return planned
}

/** Closes what the others do not use, once its last request has ended. */
export async function closeUpstreams(upstreams: RunningUpstreams, others: RunningUpstreams): Promise<void> {
  await Promise.all(Array.from(upstreams, ([name, upstream]) => upstream.close(others.get(name))))
}

/** @throws TypeError for a kind that no checked configuration has. */
export function kindOf({ kind: name }: UpstreamSettings, kinds: UpstreamKinds): UpstreamKind {
  const kind = kinds.get(name)
  if (kind === undefined) throw new TypeError(`unchecked configuration: no upstream kind ${name}`)
  return kind
}
