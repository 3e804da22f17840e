/**
 * The pages of a list or of its changes at one endpoint, entry by entry, each page read while it arrives.
 */
import type { Validators } from '../../core/upstream.ts'
import { openRoute } from '../http-client/connection/dispatchers.ts'
import type { Authorize } from '../http-client/oauth/access-tokens.ts'
import { isError } from '../http-client/reply/body-values.ts'
import { type HeaderFields, headerText } from '../http-client/reply/response.ts'
import type { EndpointSettings } from '../http-client/settings.ts'
import { type CursorPlace, cursorPlace, cursorText } from './cursor.ts'
import { ListError } from './list-error.ts'
import { formatOf, type Mark, type RawEntry, readEntries } from './list-formats.ts'
import { nextLink, Pages } from './list-pages.ts'
import type { ListProgress } from './list-progress.ts'
import { requestPage } from './list-request.ts'
import { REPLICA_REASONS } from './reasons.ts'
import type { ListSettings } from './settings.ts'

/** What is left to say when all entries have been read. */
export interface PagesEnd {
  readonly validators: Validators | undefined
  /** Of the first and of the last page; undefined where it has none, or `replica.changes` is not set. */
  readonly firstCursor: string | undefined
  readonly lastCursor: string | undefined
}

/** A JSONPath of names alone, which can be followed while the page is still arriving. */
const NAMES = /^\$(?:\.[A-Za-z_][\w-]*)+$/

interface PagesReading<Read> {
  readonly of: 'list' | 'changes'
  /** Path and query of the first page, without the endpoint's prefix. */
  readonly path: string
  readonly validators: Validators | undefined
  readonly signal: AbortSignal
  readonly authorize: Authorize
  readonly progress: ListProgress
  /**
   * What an entry is.
   *
   * @param at Position over all pages, from 1.
   * @returns undefined for an entry that is left out.
   * @throws ListError for what no entry may be.
   */
  readonly read: (entry: RawEntry, at: number) => Read | undefined
  /** Called with what is wrong with one entry, and the reading goes on; else it ends. */
  readonly onBadEntry?: ((error: ListError) => void) | undefined
}

/**
 * Reads all pages, as many entries at a time as one chunk has.
 *
 * @param take Called with the entries in order; throws to end the reading.
 * @returns `unchanged` for 304 in answer to validators.
 * @throws ListError (rejects) for pages that must not be used.
 */
export async function readPages<Read>(
  { list, upstream, response }: ListSettings,
  endpoint: EndpointSettings,
  reading: PagesReading<Read>,
  take: (entries: readonly Read[]) => void,
): Promise<PagesEnd | 'unchanged'> {
  const { of, progress, signal, authorize, validators } = reading
  const route = openRoute(endpoint, upstream, () => {})
  const first = endpoint.pathPrefix + reading.path
  const pages = new Pages(endpoint.origin, first)
  const place = list.changes === undefined ? undefined : cursorPlace(list.cursor)
  const onBytes = (bytes: number): void => {
    progress.bytes += bytes
    if (progress.bytes > list.maxBytes) throw new ListError(REPLICA_REASONS.listTooLarge, list.maxBytes)
  }
  const one = oneOf(list, reading)
  try {
    let path: string | undefined = first
    let end: PagesEnd = { validators: undefined, firstCursor: undefined, lastCursor: undefined }
    for (let isFirst = true; path !== undefined; isFirst = false) {
      const sent = isFirst ? validators : undefined
      const asked = { of, path, validators: sent, signal, authorize, onBytes }
      const page = await requestPage(route, upstream, asked)
      if (page === 'unchanged') return page
      progress.expectedBytes = isFirst && list.next === undefined ? page.length : undefined
      const format = list.format ?? formatOf(page.contentType)
      if (format === undefined) throw new ListError(REPLICA_REASONS.noFormat)
      const beside = new Beside(list, response.error, place, page, pages.address)
      const { items } = list
      for await (const raw of readEntries(format, page.chunks, { items, marks: beside.marks }))
        take(raw.map(one).filter((read) => read !== undefined))
      if (beside.isError) throw new ListError(REPLICA_REASONS.listSaysError, response.error ?? '')
      path = pages.next(beside.next)
      const cursor = cursorText(beside.cursor)
      end = {
        // Those of one page say nothing about the others.
        validators: isFirst && path === undefined ? page.validators : undefined,
        firstCursor: isFirst ? cursor : end.firstCursor,
        lastCursor: cursor,
      }
    }
    return end
  } finally {
    // What is under way is not wanted any more, or has ended.
    await route.dispatcher.destroy()
  }
}

/** What is beside the entries of a page. */
class Beside {
  next: unknown
  cursor: unknown
  isError = false
  readonly marks: readonly Mark[]

  constructor(
    { next }: ListSettings['list'],
    error: string | undefined,
    place: CursorPlace | undefined,
    { link, headers }: { readonly link: string | undefined; readonly headers: HeaderFields },
    address: string,
  ) {
    const marks: Mark[] = []
    if (next === 'link') this.next = nextLink(link, address)
    else if (next !== undefined)
      marks.push({
        path: next,
        take: (value) => {
          this.next = value
        },
      })
    if (place?.kind === 'field') this.cursor = headerText(headers, place.name)
    else if (place !== undefined)
      marks.push({
        path: place.path,
        take: (value) => {
          this.cursor = value
        },
      })
    if (error !== undefined && NAMES.test(error))
      marks.push({
        path: error,
        take: (value) => {
          this.isError = isError(value)
        },
      })
    this.marks = marks
  }
}

/** Reads one entry, and counts it. */
function oneOf<Read>(
  { maxEntries }: ListSettings['list'],
  { progress, read, onBadEntry }: PagesReading<Read>,
): (entry: RawEntry) => Read | undefined {
  return (entry) => {
    progress.entries++
    if (progress.entries > maxEntries) throw new ListError(REPLICA_REASONS.tooManyEntries, maxEntries)
    try {
      return read(entry, progress.entries)
    } catch (error) {
      if (onBadEntry === undefined || !(error instanceof ListError)) throw error
      onBadEntry(error)
      return undefined
    }
  }
}
