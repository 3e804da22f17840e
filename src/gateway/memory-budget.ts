/**
 * Holds what the stored answers may take against V8's heap. A heap that is full ends the process, and
 * strangers choose the keys of "not found" answers, so an operator has to hear of it beforehand.
 *
 *   stored answers  per table with a cache and an upstream that is cached, maxBytes twice: found and "not found"
 *   upstreams       what their kinds need
 */
import { getHeapStatistics } from 'node:v8'
import type { Config } from '../config/config.ts'
import { formatIssue } from '../config/issue.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { UpstreamKinds } from '../upstreams/registry.ts'
import { kindOf } from './upstreams.ts'

/** Share of the heap that answers may fill. Ours: a heap of 128 MiB ended at 94 MiB of stored keys. */
const HEAP_SHARE = 0.75

const MIB = 1024 * 1024

/** Most bytes that the stored answers of a configuration can take. */
export function storedBytes(
  { tables, upstreams }: Pick<Config, 'tables' | 'upstreams'>,
  kinds: UpstreamKinds,
): number {
  let bytes = 0
  for (const upstream of upstreams.values()) bytes += kindOf(upstream, kinds).needs(upstream).heapBytes
  for (const { cache, upstreams: names } of tables.values()) {
    const isStored = names
      .flatMap((name) => upstreams.get(name) ?? [])
      .some((one) => kindOf(one, kinds).cached)
    if (cache !== undefined && isStored) bytes += 2 * cache.maxBytes
  }
  return bytes
}

/**
 * @param heapBytes V8's heap limit.
 * @returns What to tell the operator, or undefined when everything fits.
 */
export function memoryWarning(
  config: Pick<Config, 'tables' | 'upstreams'>,
  kinds: UpstreamKinds,
  heapBytes: number,
): string | undefined {
  const bytes = storedBytes(config, kinds)
  if (bytes <= HEAP_SHARE * heapBytes) return undefined
  return (
    `the stored answers may take ${Math.round(bytes / MIB)} MiB (maxBytes of each table, twice), too much for V8's heap ` +
    `of ${Math.round(heapBytes / MIB)} MiB, and a full heap ends the process; lower cache.maxBytes, or raise ` +
    '--max-old-space-size and the memory limit (docs/tuning.md, Memory)'
  )
}

/** What is worth a thought in a configuration that may run: a sentence each. */
export function warningsOf(config: LoadedConfig, kinds: UpstreamKinds): readonly string[] {
  const memory = memoryWarning(config, kinds, getHeapStatistics().heap_size_limit)
  return [...config.warnings.map(formatIssue), ...(memory === undefined ? [] : [memory])]
}
