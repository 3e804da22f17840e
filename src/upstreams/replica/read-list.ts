/**
 * A whole list at one endpoint, and what has changed since a cursor.
 */
import type { Validators } from '../../core/upstream.ts'
import type { Authorize } from '../http-client/oauth/access-tokens.ts'
import type { EndpointSettings } from '../http-client/settings.ts'
import type { KeyChange } from './copy-record.ts'
import { changesPath } from './cursor.ts'
import { EntryReader } from './entry.ts'
import { ListError } from './list-error.ts'
import type { ListProgress } from './list-progress.ts'
import { type PagesEnd, readPages } from './read-pages.ts'
import { REPLICA_REASONS } from './reasons.ts'
import type { ListSettings } from './settings.ts'

/** Most changes that are taken over at a time. Ours: they are kept in memory, and written in one transaction. */
const MAX_CHANGES = 100_000

/** Most bytes of them, unpacked. Ours: 100,000 mailboxes have about 10 MB. */
const MAX_CHANGES_BYTES = 67_108_864

/** Key and result. */
export type Entry = readonly [key: string, result: string]

interface ListOptions {
  readonly validators: Validators | undefined
  readonly signal: AbortSignal
  readonly authorize: Authorize
  readonly progress: ListProgress
  /** Called with what is wrong with one entry, and the reading goes on; else it ends. */
  readonly onBadEntry?: (error: ListError) => void
}

/**
 * Reads a list at one endpoint, as many entries at a time as one chunk has.
 *
 * @param take Called with the entries in order; throws to end the reading.
 * @returns `unchanged` for 304 in answer to validators.
 * @throws ListError (rejects) for a list that must not be taken over.
 */
export function readList(
  settings: ListSettings,
  endpoint: EndpointSettings,
  options: ListOptions,
  take: (entries: readonly Entry[]) => void,
): Promise<PagesEnd | 'unchanged'> {
  const reader = new EntryReader(settings)
  const read = reader.read.bind(reader)
  const { path } = settings.list
  return readPages(settings, endpoint, { of: 'list', path, ...options, read }, take)
}

/** What has changed since a cursor. */
export interface Changes {
  /** The last word about each key. */
  readonly keys: ReadonlyMap<string, string | undefined>
  /** How far they go. */
  readonly cursor: string
}

/**
 * Reads what has changed since a cursor, at one endpoint.
 *
 * @throws ListError (rejects) for changes that must not be taken over.
 */
export async function readChanges(
  settings: ListSettings,
  endpoint: EndpointSettings,
  since: string,
  options: Pick<ListOptions, 'signal' | 'authorize' | 'progress'>,
): Promise<Changes> {
  const { list } = settings
  if (list.changes === undefined) throw new TypeError('unchecked configuration: no route for changes')
  const reader = new EntryReader(settings)
  const read = reader.readChange.bind(reader)
  const keys = new Map<string, string | undefined>()
  const take = (changes: readonly KeyChange[]): void => {
    for (const [key, result] of changes) keys.set(key, result)
    const { bytes } = options.progress
    if (keys.size > MAX_CHANGES || bytes > MAX_CHANGES_BYTES)
      throw new ListError(REPLICA_REASONS.tooManyChanges)
  }
  const path = changesPath(list.changes, since)
  const reading = { of: 'changes', path, validators: undefined, ...options, read } as const
  const end = await readPages(settings, endpoint, reading, take)
  if (end === 'unchanged') throw new TypeError('a 304 without validators')
  if (end.lastCursor === undefined) throw new ListError(REPLICA_REASONS.changesWithoutCursor)
  return { keys, cursor: end.lastCursor }
}
