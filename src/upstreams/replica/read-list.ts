/**
 * A whole list, entry by entry: all its pages at one endpoint, each read while it arrives.
 */
import type { Validators } from '../../core/upstream.ts'
import { openRoute } from '../http/connection/dispatchers.ts'
import type { EndpointSettings } from '../http/settings.ts'
import { EntryReader } from './entry.ts'
import { ListError } from './list-error.ts'
import { formatOf, type RawEntry, readEntries } from './list-formats.ts'
import { nextLink, Pages } from './list-pages.ts'
import { requestPage } from './list-request.ts'
import { REPLICA_REASONS } from './reasons.ts'
import type { ListSettings } from './settings.ts'

/** What is known while a list is read. */
export interface ListProgress {
  entries: number
  /** Unpacked, over all pages. */
  bytes: number
  /** Of the page that is read; undefined where nobody knows. */
  expectedBytes: number | undefined
}

/** What is left to say when all entries have been read. */
export interface ListEnd {
  readonly validators: Validators | undefined
}

export interface ListOptions {
  readonly validators: Validators | undefined
  readonly signal: AbortSignal
  readonly progress: ListProgress
  /** Called with what is wrong with one entry, and the reading goes on; else it ends. */
  readonly onBadEntry?: (error: ListError) => void
}

/** Key and result. */
export type Entry = readonly [key: string, result: string]

/**
 * Reads a list at one endpoint, as many entries at a time as one chunk has.
 *
 * @param take Called with the entries in order; throws to end the reading.
 * @returns `unchanged` for 304 in answer to validators.
 * @throws ListError (rejects) for a list that must not be taken over.
 */
export async function readList(
  settings: ListSettings,
  endpoint: EndpointSettings,
  { validators, signal, progress, onBadEntry }: ListOptions,
  take: (entries: readonly Entry[]) => void,
): Promise<ListEnd | 'unchanged'> {
  const { list, upstream } = settings
  const route = openRoute(endpoint, upstream, () => {})
  const reader = new EntryReader(settings)
  const pages = new Pages(endpoint.origin, endpoint.pathPrefix + list.path)
  const onBytes = (bytes: number): void => {
    progress.bytes += bytes
    if (progress.bytes > list.maxBytes) throw new ListError(REPLICA_REASONS.listTooLarge, list.maxBytes)
  }
  try {
    let path: string | undefined = endpoint.pathPrefix + list.path
    let end: ListEnd = { validators: undefined }
    for (let isFirst = true; path !== undefined; isFirst = false) {
      const sent = isFirst ? validators : undefined
      const page = await requestPage(route, upstream, { path, validators: sent, signal, onBytes })
      if (page === 'unchanged') return page
      progress.expectedBytes = isFirst && list.next === undefined ? page.length : undefined
      const format = list.format ?? formatOf(page.contentType)
      if (format === undefined) throw new ListError(REPLICA_REASONS.noFormat)
      let next: unknown = list.next === 'link' ? nextLink(page.link) : undefined
      const reading = {
        items: list.items,
        next: list.next === 'link' || format !== 'json' ? undefined : list.next,
        onNext: (address: unknown) => {
          next = address
        },
      }
      for await (const raw of readEntries(format, page.chunks, reading))
        take(mapped(raw, reader, progress, list, onBadEntry))
      path = pages.next(next)
      // Those of one page say nothing about the others.
      end = { validators: isFirst && path === undefined ? page.validators : undefined }
    }
    return end
  } finally {
    // What is under way is not wanted any more, or has ended.
    await route.dispatcher.destroy()
  }
}

function mapped(
  raw: readonly RawEntry[],
  reader: EntryReader,
  progress: ListProgress,
  { maxEntries }: ListSettings['list'],
  onBadEntry: ListOptions['onBadEntry'],
): readonly Entry[] {
  const entries: Entry[] = []
  for (const one of raw) {
    progress.entries++
    if (progress.entries > maxEntries) throw new ListError(REPLICA_REASONS.tooManyEntries, maxEntries)
    try {
      const entry = reader.read(one, progress.entries)
      if (entry !== undefined) entries.push(entry)
    } catch (error) {
      if (onBadEntry === undefined || !(error instanceof ListError)) throw error
      onBadEntry(error)
    }
  }
  return entries
}
