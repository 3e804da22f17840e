/**
 * Tries the list of a table without keeping it: for `mapgate check --ask`.
 */
import { systemClock } from '../../core/clock.ts'
import type { ListTrial } from '../kind.ts'
import { ListError } from './list-error.ts'
import { type Entry, type ListProgress, readList } from './read-list.ts'
import type { ListSettings } from './settings.ts'

/** Entries that are shown. */
const SHOWN = 3

/** Entries that are compared with the route for single keys. */
const COMPARED = 20

/** Most keys among which duplicates are looked for. Ours: 100 MB of a command's memory. */
const MAX_KEYS = 1_000_000

/** Reads the list at the first endpoint. */
export async function tryList(settings: ListSettings, random: () => number): Promise<ListTrial> {
  const [endpoint] = settings.upstream.endpoints
  if (endpoint === undefined) throw new TypeError('unchecked configuration: no endpoint')
  const startMs = systemClock.monotonicMs()
  const progress: ListProgress = { entries: 0, bytes: 0, expectedBytes: undefined }
  const keys = new Set<string>()
  const first: Entry[] = []
  const sample: Entry[] = []
  const bad: string[] = []
  let unusable = 0
  let duplicates = 0
  let usable = 0
  const take = (entries: readonly Entry[]): void => {
    for (const entry of entries) {
      usable++
      if (keys.has(entry[0])) duplicates++
      else if (keys.size < MAX_KEYS) keys.add(entry[0])
      if (first.length < SHOWN) first.push(entry)
      // Each entry has the same chance (Vitter's algorithm R).
      if (sample.length < COMPARED) sample.push(entry)
      else {
        const at = Math.floor(random() * usable)
        if (at < COMPARED) sample[at] = entry
      }
    }
  }
  const onBadEntry = (error: ListError): void => {
    unusable++
    if (bad.length < SHOWN) bad.push(error.message)
  }
  let failure: string | undefined
  try {
    const signal = AbortSignal.timeout(settings.list.timeoutMs)
    await readList(settings, endpoint, { validators: undefined, signal, progress, onBadEntry }, take)
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    failure = error.message
  }
  const tookMs = systemClock.monotonicMs() - startMs
  const { entries, bytes } = progress
  return { failure, entries, bytes, tookMs, first, sample, duplicates, unusable, bad }
}
