/**
 * The pages of a list: where the next one is, and that they come to an end. Pure.
 */
import { ListError } from './list-error.ts'
import { REPLICA_REASONS } from './reasons.ts'

/** Most pages of a list. Ours: a hundred entries in each of them make ten million. */
const MAX_PAGES = 100_000

/** `<address>; rel="next"`, one link of the field. RFC 8288 section 3. */
const LINK = /<([^<>]*)>((?:\s*;\s*[^\s;,="]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)/g

/** `; name="value"`, one parameter of a link. */
const PARAMETER = /;\s*([^\s;,="]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?/g

/** The address with the relation `next`; undefined where there is none. */
export function nextLink(field: string | undefined): string | undefined {
  for (const [, address, parameters = ''] of (field ?? '').matchAll(LINK)) {
    for (const [, name = '', value = ''] of parameters.matchAll(PARAMETER)) {
      if (name.toLowerCase() !== 'rel') continue
      const relations = value.replaceAll('"', '').toLowerCase().split(/\s+/)
      if (relations.includes('next')) return address
      break // later ones do not count (section 3.3)
    }
  }
  return undefined
}

/** Follows from page to page within one origin. */
export class Pages {
  readonly #origin: string
  readonly #seen = new Set<string>()
  #current: URL

  /** @param path Path and query of the first page, with the endpoint's prefix. */
  constructor(origin: string, path: string) {
    this.#origin = origin
    this.#current = new URL(origin + path)
    this.#seen.add(pathOf(this.#current))
  }

  /**
   * Goes to the next page.
   *
   * @param address As the service wrote it; null, '' or undefined where there is none.
   * @returns Its path and query; undefined when this was the last one.
   * @throws ListError for an address that must not be asked.
   */
  next(address: unknown): string | undefined {
    if (address === undefined || address === null || address === '') return undefined
    if (typeof address !== 'string' || !URL.canParse(address, this.#current.href))
      throw new ListError(REPLICA_REASONS.foreignPage)
    const url = new URL(address, this.#current)
    if (url.origin !== this.#origin) throw new ListError(REPLICA_REASONS.foreignPage)
    const path = pathOf(url)
    if (this.#seen.has(path)) throw new ListError(REPLICA_REASONS.pageCircle)
    if (this.#seen.size === MAX_PAGES) throw new ListError(REPLICA_REASONS.tooManyPages)
    this.#seen.add(path)
    this.#current = url
    return path
  }
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search
}
