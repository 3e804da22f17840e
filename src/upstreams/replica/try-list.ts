/**
 * Tries the list of a table without keeping it: for `mapgate check --ask`.
 */
import { systemClock } from '../../core/clock.ts'
import type { Authorize } from '../http-client/oauth/access-tokens.ts'
import type { EndpointSettings } from '../http-client/settings.ts'
import type { ChangesTrial, ListTrial } from '../kind.ts'
import { ListError } from './list-error.ts'
import type { ListProgress } from './list-progress.ts'
import { type Entry, readChanges, readList } from './read-list.ts'
import { REPLICA_REASONS } from './reasons.ts'
import type { ListSettings } from './settings.ts'

/** Entries that are shown. */
const SHOWN = 3

/** Entries that are compared with the route for single keys. */
const COMPARED = 20

/** Most keys among which duplicates are looked for. Ours: 200 MB of a command's memory. */
const MAX_KEYS = 1_000_000

/** Reads the list at the first endpoint. */
export async function tryList(
  settings: ListSettings,
  authorize: Authorize,
  random: () => number,
): Promise<ListTrial> {
  const [endpoint] = settings.upstream.endpoints
  if (endpoint === undefined) throw new TypeError('unchecked configuration: no endpoint')
  const startMs = systemClock.monotonicMs()
  const progress: ListProgress = { entries: 0, bytes: 0, expectedBytes: undefined }
  const results = new Map<string, string>()
  const first: Entry[] = []
  const sample: Entry[] = []
  const bad: string[] = []
  let unusable = 0
  let duplicates = 0
  let repeats = 0
  let usable = 0
  const take = (entries: readonly Entry[]): void => {
    for (const entry of entries) {
      usable++
      const [key, result] = entry
      const before = results.get(key)
      if (before === undefined) {
        if (results.size < MAX_KEYS) results.set(key, result)
      } else if (before === result && settings.list.next === undefined) repeats++
      else duplicates++
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
  let cursor: string | undefined
  try {
    const signal = AbortSignal.timeout(settings.list.timeoutMs)
    const options = { validators: undefined, signal, authorize, progress, onBadEntry }
    const end = await readList(settings, endpoint, options, take)
    if (end !== 'unchanged') cursor = end.firstCursor
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    failure = error.message
  }
  const tookMs = systemClock.monotonicMs() - startMs
  const { entries, bytes } = progress
  const trial = { failure, entries, bytes, tookMs, first, sample, duplicates, repeats, unusable, bad }
  if (settings.list.changes === undefined || failure !== undefined) return trial
  return { ...trial, changes: await tryChanges(settings, endpoint, authorize, cursor) }
}

/** Asks what has changed since the list. */
async function tryChanges(
  settings: ListSettings,
  endpoint: EndpointSettings,
  authorize: Authorize,
  cursor: string | undefined,
): Promise<ChangesTrial> {
  const startMs = systemClock.monotonicMs()
  const progress: ListProgress = { entries: 0, bytes: 0, expectedBytes: undefined }
  let failure: string | undefined
  try {
    if (cursor === undefined) throw new ListError(REPLICA_REASONS.listWithoutCursor)
    const signal = AbortSignal.timeout(settings.list.timeoutMs)
    await readChanges(settings, endpoint, cursor, { signal, authorize, progress })
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    failure = error.message
  }
  return { failure, entries: progress.entries, tookMs: systemClock.monotonicMs() - startMs }
}
